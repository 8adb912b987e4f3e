"""A first suite for a service that has none: what the command `accord init` finds, tries and writes."""
