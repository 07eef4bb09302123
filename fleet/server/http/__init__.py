"""HTTP to a server: one interface, with an engine by requests and one by libcurl."""
