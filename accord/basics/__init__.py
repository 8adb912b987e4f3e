"""What every room uses: text that is safe to show, lines of source, files written whole or not at all, the time."""
