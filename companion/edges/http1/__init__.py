"""HTTP/1.1 as the daemon's own servers speak it."""
