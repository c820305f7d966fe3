"""The installed price catalogue, as a book."""

from __future__ import annotations

from functools import cache

from companion.ledger.book import Book, Seller
from companion.ledger.genai import made


class Learnt(Book):
    """Reads each list once, for tests that ask thousands of times."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._known: dict[str, Seller | None] = {}

    def seller(self, name: str) -> Seller | None:
        if name not in self._known:
            self._known[name] = super().seller(name)
        return self._known[name]


@cache
def whole_book() -> Book:
    """Takes a second."""
    return Learnt(made())
