"""The database under the ledger: its file, its connection and locks, who else holds it, and what to do about errors."""
