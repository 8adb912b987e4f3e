"""What a suite may say, and what is wrong with it, found out by collecting it: nothing of it runs."""
