"""The composition root: every room is built here, by plain constructor calls, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn

from companion import __version__
from companion.config.load import UPSTREAM_KEY_VARIABLE
from companion.config.schema import Config
from companion.config.upstream_key import read_key
from companion.config.workspace import WorkspacePolicies
from companion.contract.types import SecretFinding
from companion.edges.control.app import Services, agent_app, operator_app
from companion.edges.control.claim import ControlSocket, announce, bind_control, bind_gateway, withdraw
from companion.edges.gateway.app import GatewayApp
from companion.edges.gateway.calls import ModelCalls
from companion.edges.gateway.gate import WireGate
from companion.gatekeeper.admit import Gatekeeper
from companion.gatekeeper.approvals import Approvals
from companion.gatekeeper.events import EventBus, Listeners
from companion.gatekeeper.facts import Gatherer
from companion.gatekeeper.ids import IdSource
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.tasks import spawn
from companion.ledger.keys import KeyStore
from companion.ledger.prices import GenaiPrices
from companion.ledger.reports import Reports
from companion.ledger.writer import SqliteLedger
from companion.model.action import Tier
from companion.model.money import to_picodollars
from companion.observe.evaluator import Evaluator
from companion.observe.onlooker import Onlooker
from companion.observe.selfwatch import watch_self
from companion.observe.standing import Standing
from companion.places import Places
from companion.policy.guards import GUARDS
from companion.scan.paths import DiskPaths
from companion.scan.secrets.scanner import SecretScan, default_engines
from companion.telemetry import catalogue
from companion.telemetry.log import configure, get_logger
from companion.upstream.routes import Routes, TierTarget
from companion.upstream.sender import Sender, Target

_DRAIN_SECONDS = 5
_log = get_logger("companion.daemon")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The rooms of one daemon, put together."""

    ledger: SqliteLedger
    prices: GenaiPrices
    keys: KeyStore
    scanner: SecretScan
    evaluator: Evaluator
    bus: EventBus
    sender: Sender
    approvals: Approvals
    gateway: GatewayApp
    services: Services


class Daemon:
    """One running companion. The lock must be held by the caller for as long as it runs."""

    def __init__(self, config: Config, places: Places) -> None:
        self._config = config
        self._places = places
        self._stopping = asyncio.Event()
        self._gateway_url = ""
        self._hosts: frozenset[str] = frozenset()

    async def run(self, ready: Callable[[str, KeyStore], None]) -> None:
        """Serves until told to stop. Calls `ready(gateway URL, keys)` once everything answers."""
        config, places = self._config, self._places
        listener = bind_gateway(config.gateway.host, config.gateway.port)
        port = listener.getsockname()[1]
        self._gateway_url = f"http://{_bracketed(config.gateway.host)}:{port}"
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        zone = ZoneInfo(config.budgets.timezone)
        ledger = SqliteLedger(places.ledger, zone, on_failure=_ledger_failed)
        lost = await asyncio.to_thread(ledger.start)
        parts = self._build(ledger, zone)
        undo_logging = configure(places.log, scrub=parts.scanner.scrub, level=config.log.level.upper())
        if lost:
            catalogue.exchanges_lost_total.add(lost)
            _log.warning("exchanges were open when companion last ended", lost=lost)
        control = bind_control(places)
        try:
            await self._serve(parts, listener, control, ready)
        finally:
            withdraw(places)
            left = await asyncio.to_thread(parts.ledger.stop)
            if left:
                _log.error("ledger lines were not written", left=left)
            parts.keys.flush()
            parts.scanner.close()
            undo_logging()

    def stop(self) -> None:
        self._stopping.set()

    def _build(self, ledger: SqliteLedger, zone: ZoneInfo) -> Parts:
        config, places = self._config, self._places
        bus, ids = EventBus(_now), IdSource()
        catalogue.ledger_queue_depth.follow(lambda: float(ledger.depth))
        reports, prices = Reports(places.ledger, zone), GenaiPrices()
        keys = KeyStore(places.ledger, zone=zone)
        scanner = SecretScan(machine_key(places.machine_key), default_engines(places.state / "rules"))
        listener = Listeners([Onlooker(), bus], _listener_failed)
        approvals = Approvals(_now, listener)
        catalogue.approvals_oldest_seconds.follow(lambda: oldest_seconds(approvals))
        budget = to_picodollars(config.budgets.day) if config.budgets.day is not None else None

        def today() -> date:
            return _now().astimezone(zone).date()

        meter = Meter(zone, _now, budget, {today().isoformat(): reports.spent_on(today())})
        protected = places.all
        gatherer = Gatherer(scanner, DiskPaths(protected), WorkspacePolicies(config.policy), str(Path.home()))
        gatekeeper = Gatekeeper(GUARDS, gatherer, scanner, ledger, prices, meter, approvals, listener, _now)
        routes = Routes(_tiers(config))
        sender = Sender()
        gate = WireGate(gatekeeper, scanner.lookup, ids.next, _now)
        calls = ModelCalls(gatekeeper, gate, sender, routes, scanner.lookup, ids.next, _now)
        gateway = GatewayApp(calls, keys, listener, lambda: self._hosts)
        evaluator = Evaluator()
        standing = Standing(
            version=__version__,
            started_at=_now().astimezone(zone).isoformat(),
            home=str(places.config),
            gateway=self._gateway_url,
            upstreams={name: target.url for name, target in routes.targets().items()},
            tiers=routes.shown(),
            budget_day=budget,
            engines=scanner.engines,
            pending=lambda: len(approvals.pending()),
            today=lambda: reports.today(today()),
            alerts=evaluator.firing,
        )
        listener.add(standing)

        async def find_secrets(text: str, workspace: str) -> list[SecretFinding]:
            found = await scanner.scan([text], workspace)
            return [
                SecretFinding(one.type, one.rule, one.engine, one.start, one.end, one.confidence, one.placeholder)
                for one in found
            ]

        services = Services(
            status=standing.status,
            find_secrets=find_secrets,
            alerts=evaluator.firing,
            approvals=approvals,
            reports=reports,
            keys=keys,
            events=bus,
            shut_down=self.stop,
            today=today,
        )
        return Parts(ledger, prices, keys, scanner, evaluator, bus, sender, approvals, gateway, services)

    async def _serve(
        self, parts: Parts, listener: Any, control: list[ControlSocket], ready: Callable[[str, KeyStore], None]
    ) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
                asyncio.get_running_loop().add_signal_handler(name, self.stop)
        servers = [_Server(parts.gateway, [listener])]
        for one in control:
            app = agent_app if one.scope == "agent" else operator_app
            servers.append(_Server(app(parts.services, one.token), [one.socket]))
        background = [
            spawn(parts.evaluator.run(lambda change: _told(parts.bus, change)), "evaluate alert rules", _task_failed),
            spawn(watch_self(), "watch the daemon itself", _task_failed),
            spawn(asyncio.to_thread(parts.prices.warm), "load prices", _task_failed),
            spawn(asyncio.to_thread(parts.scanner.load), "load secret engines", _task_failed),
        ]
        async with parts.sender:
            serving = [spawn(server.run(), "serve", _task_failed) for server in servers]
            for server in servers:
                await server.started_event.wait()
            announce(self._places, self._gateway_url, __version__, control)
            _log.info("ready", gateway=self._gateway_url, version=__version__)
            ready(self._gateway_url, parts.keys)
            await self._stopping.wait()
            parts.bus.close()
            for server in servers:
                server.should_exit = True
            await asyncio.wait(serving, timeout=_DRAIN_SECONDS * 2)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


class _Server(uvicorn.Server):
    """A uvicorn server among others in one process: it leaves signals to the daemon."""

    def __init__(self, app: Any, sockets: list[Any]) -> None:
        config = uvicorn.Config(
            app,
            http="httptools" if sys.platform != "win32" else "auto",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        super().__init__(config)
        self._sockets = sockets
        self.started_event = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.started_event.set()

    async def run(self) -> None:  # type: ignore[override]
        await self.serve(sockets=self._sockets)


def machine_key(path: Path) -> bytes:
    """The key of this machine's placeholders, made on first use; 32 bytes, 0600."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key


def _tiers(config: Config) -> dict[Tier, TierTarget]:
    targets = {}
    for name, upstream in config.upstreams.items():
        # The quick start names a variable that a local upstream does not need.
        keyless = upstream.key_env == UPSTREAM_KEY_VARIABLE and UPSTREAM_KEY_VARIABLE not in os.environ
        key = None if keyless else read_key(name, upstream, os.environ)
        targets[name] = Target(name, upstream.url, key or "", upstream.provider)
    return {tier: TierTarget(targets[route.upstream], route.model or "") for tier, route in config.tiers.items()}


def oldest_seconds(approvals: Approvals) -> float:
    """For how long the oldest approval has waited."""
    waiting = approvals.pending()
    return (_now() - datetime.fromisoformat(waiting[0].asked_at)).total_seconds() if waiting else 0.0


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _ledger_failed(error: Exception) -> None:
    catalogue.ledger_write_failures_total.add()
    _log.error("the ledger could not be written", error=error)


def _listener_failed(name: str, error: BaseException) -> None:
    _log.error("a listener failed", error=error, listener=name)


def _task_failed(name: str, error: BaseException) -> None:
    _log.error("a background task ended", error=error, task=name)


def _told(bus: EventBus, change: Any) -> None:
    word = "fires" if change.firing else "is over"
    bus.notice("alert", change.alert.name, f"{change.alert.name} {word}: {change.alert.summary}", {})
