"""A bar of eighth blocks."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(part: int, whole: int, width: int) -> tuple[str, str]:
    """The filled and the empty piece, `width` cells together. More than whole is full; of nothing, it is empty.

    What is not nothing shows at least an eighth.
    """
    if whole <= 0 or part <= 0:
        return "", "░" * width
    eighths = min(width * 8, max(1, part * width * 8 // whole))
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled, "░" * (width - len(filled))
