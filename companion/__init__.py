"""companion: a local daemon that makes coding agents safe and affordable to run beside an editor."""

import sys

__version__ = "0.1.0"

# httpx brings a command of its own, and with it rich and pygments: 5 MB and 40 ms for whoever only calls it. Without
# that module it goes on as if they were not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
