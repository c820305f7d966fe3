"""`companion-lsp`: the language server, over standard input and output."""

from __future__ import annotations

import argparse
import logging
import sys

from companion import __version__


def main() -> None:
    """Serves one editor until it says exit or closes the pipe."""
    parser = argparse.ArgumentParser(
        prog="companion-lsp",
        description="Shows in an editor what companion knows: secrets in open documents, and approvals that wait. "
        "Speaks the language server protocol; an editor starts it.",
    )
    parser.add_argument("--version", action="version", version=f"companion-lsp {__version__}")
    parser.add_argument("--stdio", action="store_true", help="use standard input and output (the only way there is)")
    parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    from companion_lsp.setup import build_server  # noqa: PLC0415 - so that --version and --help answer at once

    build_server().start_io()
