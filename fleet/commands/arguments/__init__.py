"""What people type: numbers of miners, days, durations, and the beginnings of jobs' ids."""
