"""A panel's title, which is all that a short screen leaves of its border."""

from __future__ import annotations

from textual.content import Content


def titled(title: str, failed: str) -> Content:
    """`failed` says why what is shown may be out of date; "" when it is not. Both texts are already plain."""
    return Content.assemble(title, (f" · ! {failed}" if failed else "", "$text-warning"))
