"""What pytest shows of a failure: the sentence first, and each cause once."""
