"""The border to a NeoNet server: endpoints, parsing, and the HTTP transport."""
