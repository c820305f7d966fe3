"""companion: a local daemon that makes coding agents safe and affordable to run beside an editor."""

__version__ = "0.1.0"
