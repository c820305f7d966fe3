"""The installed price catalogue, as a book."""

from __future__ import annotations

from functools import cache

from companion.ledger.book import Book
from companion.ledger.genai import made


@cache
def whole_book() -> Book:
    """Takes a second."""
    return Book(made())
