"""The allowed contents of a job's `data`: one frozen value per job type, checked before anything is allocated."""
