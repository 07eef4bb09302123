"""The worker's way to Redis: clients, the transport, the handshake, results out."""
