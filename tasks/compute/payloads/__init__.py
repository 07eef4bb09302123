"""What a job's `data` may hold: one frozen value a job type, checked before anything is allocated."""
