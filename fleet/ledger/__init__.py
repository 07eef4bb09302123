"""The ledger: its tables, writes, hash chain and migrations. No SQL outside this package."""
