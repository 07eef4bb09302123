"""What the coordinator speaks of: jobs, answers, calls, effects, events. Values only, no behaviour."""
