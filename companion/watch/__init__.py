"""Files that change, as events. A hint, never the basis of a decision: what guards read is checked when they decide."""
