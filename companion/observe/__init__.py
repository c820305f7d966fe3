"""Watches the instruments: evaluates their rules, samples the daemon itself, shows the numbers."""
