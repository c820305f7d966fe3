"""Text of ignored files, recognised wherever it turns up: an index of keyed fingerprints, and what is found by it."""
