from __future__ import annotations

import asyncio

import pytest

FACTORIES = {"asyncio": asyncio.new_event_loop}

try:
    import uvloop
except ImportError:
    pass
else:
    FACTORIES["uvloop"] = uvloop.new_event_loop


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories(config, item):
    """Both loops: they differ in when they call a protocol back."""
    return FACTORIES
