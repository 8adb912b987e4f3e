"""Living documentation: the messages of a run, of whatever Cucumber, as documents that people open."""
