"""What shows that a ledger was altered, cut off or lost: the chain of entries, its heads outside, and seals of rows."""
