"""One OpenTelemetry span a job, from its assignment to its end."""
