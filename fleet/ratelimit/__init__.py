"""The server's rate limit: how many requests it takes, learnt from its refusals, and who may send next."""
