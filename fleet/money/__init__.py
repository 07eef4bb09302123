"""What a miner was paid: balances, payments that only a sum proves, reconciliation with the server's totals."""
