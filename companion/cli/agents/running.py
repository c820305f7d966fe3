"""Doctor's checks of the running daemon: its sockets, its gateway, what it stands on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from companion import __version__
from companion.cli.agents.findings import Finding, fail, ok, warn
from companion.cli.shared import local_time
from companion.client import Client, Endpoint, NotRunning, Refused, calls, find_agent, find_operator
from companion.contract import API
from companion.contract.codec import WireError
from companion.contract.types import Status
from companion.places import Places

_SECONDS = 3.0


def check_daemon(places: Places) -> tuple[list[Finding], Status | None]:
    """Both sockets; the status that they gave."""
    found: list[Finding] = []
    status: Status | None = None
    for scope, find in (("operator", find_operator), ("agent", find_agent)):
        try:
            status = _status(find(places)) or status
            found.append(ok("daemon", f"answers on the {scope} socket"))
        except NotRunning as gone:
            found.append(fail("daemon", f"{scope} socket: {gone}", gone.next))
        except (Refused, WireError) as error:
            found.append(fail("daemon", f"{scope} socket: {error}", "companion down, then companion up"))
    if status is None:
        return [fail("daemon", "no daemon is running", "companion up")], None
    said = f"version {status.version}, process {status.pid}, since {local_time(status.started_at)}"
    if (status.version, status.api) == (__version__, API):
        found.append(ok("daemon", said))
    else:
        found.append(warn("daemon", f"{said}; this command is {__version__}", "companion down, then companion up"))
    return found, status


def _status(endpoint: Endpoint) -> Status:
    with Client(endpoint) as client:
        return client.do(calls.status())


def check_gateway(status: Status) -> Iterator[Finding]:
    try:
        answer = httpx.get(f"{status.gateway}/livez", timeout=_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        yield fail("gateway", f"{status.gateway} does not answer ({_why(error)})", "companion down, then companion up")
        return
    if answer.status_code == httpx.codes.OK:
        yield ok("gateway", f"{status.gateway} answers")
    else:
        said = f"{status.gateway}/livez answers {answer.status_code}: another program may have the port"
        yield fail("gateway", said, "companion up --port 0")


def check_upstreams(upstreams: Mapping[str, str], *, running: bool = True) -> Iterator[Finding]:
    """Asks each host for its head, from this process, without a key. Any answer will do. `running`: a daemon is."""
    if not upstreams:
        following = "companion up --upstream https://api.anthropic.com"
        if running:
            following = f"companion down, then {following}"
        yield warn("upstreams", "none is configured, so no model can be called", following)
    for name, url in upstreams.items():
        check = f"upstream {name}"
        try:
            host = urlsplit(url).netloc
            answer = httpx.head(url, timeout=_SECONDS, follow_redirects=False)
        except (ValueError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            yield fail(check, f"its url is none that can be called ({_why(error)})", "companion config check")
        except httpx.HTTPError as error:
            yield fail(check, f"{host} cannot be reached ({_why(error)})", f"curl -sSI {shlex.quote(url)}")
        else:
            yield ok(check, f"{url} answers ({answer.status_code} to HEAD)")


def check_engines(status: Status) -> Iterator[Finding]:
    working = 0
    for name, engine in status.engines.items():
        if engine.startswith("missing"):
            own = name.startswith("your ")
            following = "companion config check" if own else "pip install --force-reinstall companion-daemon"
            yield warn("secrets", f"{name} is {engine}", following)
        else:
            working += 1
            yield ok("secrets", f"{name} {engine}")
    if not working:
        yield fail("secrets", "no engine looks for secrets", "companion down, then companion up")


def check_alerts(status: Status) -> Iterator[Finding]:
    for alert in status.alerts:
        said = f"{alert.name}: {alert.summary}"
        yield {"page": fail, "warn": warn}.get(alert.severity, warn)("alerts", said, alert.todo)
    if not status.alerts:
        yield ok("alerts", "none is firing")


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
