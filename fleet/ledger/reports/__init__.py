"""What is read from a ledger: rewards, losses, differences, the history of a job, exports, verification."""
