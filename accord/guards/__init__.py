"""What a test may not leave behind: the environment, the clock, logging, threads and processes, what a team adds."""
