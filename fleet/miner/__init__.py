"""The life of one miner as a pure state machine: events in, effects out."""
