"""The one client library of the control API; the CLI, the terminal UI and the language server use nothing else."""

from companion.client.discover import Endpoint, NotRunning, find_agent, find_operator
from companion.client.drivers import AsyncClient, Call, Client, Refused

__all__ = [
    "AsyncClient",
    "Call",
    "Client",
    "Endpoint",
    "NotRunning",
    "Refused",
    "find_agent",
    "find_operator",
]
