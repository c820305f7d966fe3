"""What crosses the control sockets: the versioned wire types of the control API.

HTTP/JSON and server-sent events on two unix sockets. `agent.sock` may ask; `operator.sock` may answer as well.
Where unix sockets are missing the same API stands on loopback TCP behind a token.
"""

API = "v1"
"""First part of every path. A breaking change of a wire type changes it."""
