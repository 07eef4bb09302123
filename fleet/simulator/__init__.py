"""The simulated NeoNet server: dialects, faults, a rate limit, and an exact book of what it paid."""
