"""Reports from a ledger: rewards, losses, differences, a job's history, exports, verification."""
