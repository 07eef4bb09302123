"""The ledger: schema, writes, chain, migrations. SQL stays in this package."""
