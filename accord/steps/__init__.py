"""A sentence becomes a call: its step definition is found, run, awaited, and left with nothing unawaited."""
