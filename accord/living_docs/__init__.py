"""Living documentation: the messages of a run, whichever Cucumber wrote them, as documents that people open."""
