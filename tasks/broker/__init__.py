"""The worker's connection to Redis: clients, the transport, the handshake."""
