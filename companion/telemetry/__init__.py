"""Instruments that carry their alert rule, and the log. Numbers in memory; only the log does IO.

Whoever imports any part of it finds every instrument of companion in `instruments.REGISTRY`.
"""

from companion.telemetry import catalogue, log, vitals

__all__ = ["catalogue", "log", "vitals"]
