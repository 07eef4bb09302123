"""The money of a miner: its balance, payments that only a sum proves, reconciliation with the server's totals."""
