"""What several suites with real agents share."""

from __future__ import annotations

from tests.support.hooked import programs, scene  # noqa: F401 - fixtures
