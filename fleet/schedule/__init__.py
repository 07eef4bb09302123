"""When a farm mines: hours of the week in a time zone. Pure."""
