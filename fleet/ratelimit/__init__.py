"""How many requests a server takes in a window, learnt from its refusals, and who may send next."""
