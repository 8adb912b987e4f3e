"""What the tests use: no tests."""
