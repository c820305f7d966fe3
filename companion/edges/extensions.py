"""What companion's HTTP server tells its apps beyond ASGI. Behind another server an app does without."""

from __future__ import annotations

from collections.abc import Callable

GONE = "companion.gone"
"""In a scope's extensions: a `TellWhenGone`."""
BODY = "companion.body"
"""In a scope's extensions: a `WholeBody`."""
FOLLOWS = "companion.follows"
"""A key in "http.response.start": True where the body is given at once, so that the head waits for it."""

TellWhenGone = Callable[[Callable[[], None]], Callable[[], None]]
"""Takes what is to be called when the client has gone, and gives what takes it back."""
WholeBody = Callable[[], bytes | None]
"""Gives the request's body where all of it is there and nobody took any, else None."""
