"""The coordinator's vocabulary: jobs, answers, calls, effects, events. Values only, no behaviour."""
