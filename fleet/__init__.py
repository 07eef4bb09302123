"""The coordinator's side: NeoNet sessions, the ledger, dispatch of jobs to workers, intake of their results."""
