"""The language server: what the gate and the scanner know, shown in an editor."""
