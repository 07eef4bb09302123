"""Decides about the miners of a server: who calls next, how many mine, whether the server can be reached. Pure."""
