"""What is tested as functions and classes: no pytest inside, no database, no browser. All of it takes a few seconds."""
