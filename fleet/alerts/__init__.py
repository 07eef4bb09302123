"""Messages about what is wrong: raised once, resolved once, grouped, few an hour, and a report a day."""
