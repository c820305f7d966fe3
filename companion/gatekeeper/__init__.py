"""The middle: where an exchange is admitted. Async begins here, and the only waiting of the middle happens here."""
