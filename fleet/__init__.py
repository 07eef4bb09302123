"""The coordinator's side: NeoNet sessions, the ledger, dispatch to and intake from the workers."""
