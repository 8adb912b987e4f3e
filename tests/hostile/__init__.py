"""What is slow by its nature: streams that nobody thought of, texts without end, servers that are killed."""
