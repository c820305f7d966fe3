"""JavaScript as far as it is understood: what a program reads, writes and runs, or that nobody knows."""
