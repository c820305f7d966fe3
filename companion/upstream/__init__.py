"""How a model call leaves the machine."""
