"""A feature file becomes tests: it is read, checked against the rules, and collected."""
