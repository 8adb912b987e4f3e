"""Every run ends: steps, fixtures, requests, threads, processes and forks."""
