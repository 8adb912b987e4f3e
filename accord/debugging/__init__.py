"""Debugging: `await` at the prompt, stops in steps, and a stack of the project's own frames."""
