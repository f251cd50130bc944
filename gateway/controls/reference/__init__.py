"""Reference material: calendars, channels, bank offices, lists of names; read, checked, dated."""
