"""What every room uses: text that may be shown, places in source files, files that appear whole, the time, a cache."""
