"""What the rest of the service stands on: settings, the database, passwords and tokens, the clock."""
