"""The life of one miner as a pure machine: events in, effects out."""
