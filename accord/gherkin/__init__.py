"""A feature file becomes tests: it is read, held against the rules, and collected."""
