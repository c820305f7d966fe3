"""Finds secrets in prompts and keeps what stands behind each placeholder, in memory only."""
