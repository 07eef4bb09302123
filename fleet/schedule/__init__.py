"""When a farm mines by its schedule: hours of the week in a time zone, and prices of power. Pure."""
