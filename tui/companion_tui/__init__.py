"""The terminal UI: approvals, spend, exchanges and alerts of the running daemon."""
