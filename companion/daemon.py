"""The composition root: every room is built here, by plain constructor calls, and nowhere else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from companion import __version__
from companion.config.load import load
from companion.config.schema import Config
from companion.config.workspace import WorkspacePolicies
from companion.contract.types import SecretFinding
from companion.edges.control.acceptances import AcceptanceDesk
from companion.edges.control.app import Services, agent_app, operator_app
from companion.edges.control.claim import ControlSocket, announce, bind_control, bind_gateway, withdraw
from companion.edges.gateway.afterwards import AnswerScan
from companion.edges.gateway.app import GatewayApp
from companion.edges.gateway.calls import ModelCalls
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.listing import Listing
from companion.edges.gateway.tools import actions_of
from companion.edges.hooks.app import Door, HooksApp
from companion.edges.hooks.gate import HookGate
from companion.edges.server import CANCEL_SECONDS, HttpServer, drain
from companion.gatekeeper.admit import Gatekeeper
from companion.gatekeeper.approvals import Approvals
from companion.gatekeeper.asking import Asking
from companion.gatekeeper.contents import Contents
from companion.gatekeeper.events import EventBus, Listeners
from companion.gatekeeper.facts import Gatherer
from companion.gatekeeper.grants import Grants
from companion.gatekeeper.ids import IdSource
from companion.gatekeeper.limits import Limits
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.ports import Listener
from companion.gatekeeper.question import Previewer
from companion.gatekeeper.results import Results
from companion.gatekeeper.runaway import RunawayBrake
from companion.gatekeeper.tasks import end_all, spawn
from companion.housekeeping import attempt, settle_apart, tidy_now_and_then
from companion.ledger.acceptances import AcceptanceStore
from companion.ledger.grants import RuleFile
from companion.ledger.keys import KeyStore
from companion.ledger.prices import GenaiPrices
from companion.ledger.reports import Reports
from companion.ledger.writer import SqliteLedger
from companion.machine_key import hook_token_of, machine_key
from companion.model.budget import BudgetState, Unpriced, first_day_that_counts
from companion.model.money import show_dollars
from companion.model.scope import ANYTHING, Dimension
from companion.observe.evaluator import Evaluator
from companion.observe.notifying import Notifier, desktop
from companion.observe.onlooker import Onlooker
from companion.observe.selfwatch import watch_self
from companion.observe.standing import Standing
from companion.places import Places
from companion.policy.display import one_line
from companion.policy.guards import guards_for
from companion.scan.doomed import DiskDoomed
from companion.scan.fingerprints.excerpts import IgnoredText
from companion.scan.paths import DiskPaths
from companion.scan.project_files import ProjectFiles
from companion.scan.scripts import DiskScripts
from companion.scan.secrets.scanner import SecretScan, default_engines
from companion.scan.tracked import TrackedFiles
from companion.settings import InForce, Reload, accepted_by, cache_of, faults_of, tiers_of, user_files
from companion.status_lines import budget_line, finding_line, index_line, limit_line, upstream_line
from companion.telemetry import catalogue
from companion.telemetry.log import configure, get_logger
from companion.trim import share_one_arena
from companion.upstream.addresses import permits_any
from companion.upstream.breaker import State
from companion.upstream.dispatch import Dispatcher
from companion.upstream.http1.proxies import Proxies
from companion.upstream.http1.transport import Http1Transport
from companion.upstream.routes import Routes
from companion.upstream.sender import Sender
from companion.watch.file import changes

_log = get_logger("companion.daemon")

_WRITE_SECONDS = 5.0
_SETTLE_SECONDS = 0.5
_LAST_LOOK_SECONDS = 2.0
"""At the end, for answers that nobody has searched yet."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The rooms of one daemon, put together."""

    ledger: SqliteLedger
    prices: GenaiPrices
    keys: KeyStore
    scanner: SecretScan
    ignored_text: IgnoredText
    evaluator: Evaluator
    bus: EventBus
    listener: Listeners
    sender: Sender
    gateway: HooksApp
    afterwards: AnswerScan
    hooks: HookGate
    services: Services
    reload: Reload


class Daemon:
    """One running companion. The lock must be held by the caller for as long as it runs."""

    def __init__(self, config: Config, places: Places, overrides: Mapping[str, object]) -> None:
        """`overrides` is what the command line said: it holds over every later version of the file."""
        self._config = config
        self._places = places
        self._overrides = overrides
        self._stopping = asyncio.Event()
        self._gateway_url = ""
        self._hosts: frozenset[str] = frozenset()
        self._servers: list[HttpServer] = []

    async def run(self, ready: Callable[[str, KeyStore], None]) -> None:
        """Serves until told to stop. Calls `ready(gateway URL, keys)` once everything answers."""
        share_one_arena()
        config, places = self._config, self._places
        listener = bind_gateway(config.gateway.host, config.gateway.port)
        port = listener.getsockname()[1]
        self._gateway_url = f"http://{_bracketed(config.gateway.host)}:{port}"
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        zone = ZoneInfo(config.budgets.timezone)
        ledger = SqliteLedger(places.ledger, zone, on_failure=_ledger_failed)
        lost = await asyncio.to_thread(ledger.start)
        parts = self._build(ledger, zone)
        undo_logging = configure(places.log, scrub=parts.scanner.mask, level=config.log.level.upper())
        if lost:
            catalogue.exchanges_lost_total.add(lost)
            _log.warning("exchanges were open when companion last ended", lost=lost)
        try:
            await self._serve(parts, listener, bind_control(places), ready)
        finally:
            left = await asyncio.to_thread(ledger.stop, _WRITE_SECONDS)
            if left:
                _log.error("ledger lines were not written", left=left)
            for step in (partial(withdraw, places), parts.keys.flush, parts.scanner.close, parts.ignored_text.close):
                attempt(step)
            undo_logging()

    def stop(self) -> None:
        """Lets calls under way go on for DRAIN_SECONDS; asked a second time, cuts them off."""
        for server in self._servers if self._stopping.is_set() else ():
            server.force_exit = True
        self._stopping.set()

    def _build(self, ledger: SqliteLedger, zone: ZoneInfo) -> Parts:
        config, places = self._config, self._places
        bus, ids = EventBus(_now), IdSource()
        catalogue.ledger_queue_depth.follow(lambda: float(ledger.depth))
        reports = Reports(places.ledger, zone, partial(ledger.drain, _SETTLE_SECONDS))
        prices = GenaiPrices(books=places.cache / "prices")
        keys = KeyStore(places.ledger, zone=zone)
        key, acceptances = machine_key(places.machine_key), AcceptanceStore(places.ledger, zone=zone)
        files = user_files(config)
        engines = [*default_engines(places.cache / "rules"), *files.engines]
        scanner = SecretScan(key, engines, accepted=accepted_by(key, acceptances.cover, files.baselines))
        listener = Listeners([Onlooker(), bus], _listener_failed)
        show = desktop()
        notifier = Notifier(show, _aside, enabled=config.notify.desktop) if show else None
        if notifier is not None:
            listener.add(notifier)
        approvals = Approvals(_now, listener)
        catalogue.approvals_oldest_seconds.follow(lambda: approvals.oldest_seconds)

        def today() -> date:
            return _now().astimezone(zone).date()

        scopes = keys.scopes()
        meter = Meter(
            zone,
            _now,
            config.budgets.each(),
            reports.spent_since(first_day_that_counts(today())),
            partial(_warned, listener),
            scope_of=lambda key_id: scopes.get(key_id, ANYTHING),
        )
        limits = Limits(config.limits.each(), config.limits.wait_seconds)
        brake = RunawayBrake(config.limits.runaway_per_minute, config.limits.runaway_per_hour, time.monotonic)
        in_force = InForce(config.auto, config.budgets.unpriced)
        policies = WorkspacePolicies(config.policy)
        home = str(Path.home())
        paths = DiskPaths([*places.all, *files.paths])
        project_files = ProjectFiles()
        results = Results(paths, home, project_files, TrackedFiles(paths))
        ignored_text = IgnoredText(places.fingerprints, key, places.all, learn=scanner.learn, results=results)
        gatherer = Gatherer(scanner, paths, policies, ignored_text, home, files=project_files)
        scripts = DiskScripts(places.scripts, home)
        grants = Grants(RuleFile(places.rules), listener, _now)
        grants.load()
        previewer = Previewer(DiskDoomed(home), scripts, scanner.scrub)
        gatekeeper = Gatekeeper(
            guards_for(os.getpid()),
            gatherer,
            scanner,
            ledger,
            prices,
            meter,
            limits,
            Asking(approvals, grants, Contents(scripts), previewer, scripts),
            listener,
            _now,
            lambda: in_force.unpriced is Unpriced.DENY,
        )
        routes = Routes(tiers_of(config))
        proxies = Proxies()
        permits = permits_any(lambda: routes.targets().values(), proxies.hosts)
        sender = Sender(Http1Transport(permits=permits, proxies=proxies))
        dispatcher = Dispatcher(sender, faults_of(config))
        gate = WireGate(gatekeeper, scanner.lookup, ids.next, _now)
        afterwards = AnswerScan(scanner, listener)
        calls = ModelCalls(
            gatekeeper,
            gate,
            dispatcher,
            routes,
            scanner.lookup,
            ids.next,
            _now,
            brake,
            cache=cache_of(config),
            auto=lambda: in_force.auto,
            afterwards=afterwards,
        )
        hooks = HookGate(gatekeeper, actions_of, ids.next, _now)
        hook_token = hook_token_of(key)
        door = Door(hook_token, lambda: self._hosts)
        wire = GatewayApp(calls, Listing(routes, sender), keys, listener, lambda: self._hosts)
        gateway = HooksApp(hooks, listener, wire, door)
        evaluator = Evaluator()
        standing = Standing(
            version=__version__,
            started_at=_now().astimezone(zone).isoformat(),
            home=str(places.config),
            gateway=self._gateway_url,
            upstreams=lambda: {name: target.url for name, target in routes.targets().items()},
            tiers=routes.shown,
            budget_day=lambda: meter.budget_day,
            engines=lambda: scanner.engines() | files.standing(),
            pending=lambda: len(approvals.pending()),
            today=lambda: reports.today(today()),
            alerts=evaluator.firing,
            budgets=lambda: [budget_line(state) for state in meter.standing()],
            resting=lambda: [upstream_line(lane) for lane in dispatcher.standing() if lane.state is not State.CLOSED],
            waiting=lambda: limits.waiting,
            limits=lambda: [limit_line(state) for state in limits.standing()],
            indexes=lambda: [index_line(ground) for ground in ignored_text.grounds()],
            unhooked=gatekeeper.sessions.unhooked,
        )
        listener.add(standing)

        services = Services(
            status=standing.status,
            find_secrets=partial(_find_secrets, scanner),
            alerts=evaluator.firing,
            approvals=approvals,
            grants=grants,
            hook_token=hook_token,
            reports=reports,
            keys=keys,
            acceptances=AcceptanceDesk(acceptances, scanner.named, reports.finding),
            events=bus,
            shut_down=self.stop,
            today=today,
        )
        reload = Reload(policies, routes, meter, limits, brake, dispatcher, in_force, listener, notifier)
        return Parts(
            ledger,
            prices,
            keys,
            scanner,
            ignored_text,
            evaluator,
            bus,
            listener,
            sender,
            gateway,
            afterwards,
            hooks,
            services,
            reload,
        )

    async def _watch_config(self, reload: Reload) -> None:
        async for _ in changes(self._places.config_file):
            await reload.take(load(self._places, self._overrides))

    async def _serve(
        self, parts: Parts, listener: Any, control: list[ControlSocket], ready: Callable[[str, KeyStore], None]
    ) -> None:
        if sys.platform != "win32":  # there Ctrl-C arrives as KeyboardInterrupt
            # SIGHUP: the terminal of a daemon in the foreground was closed.
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(name, self.stop)
        servers = self._servers
        servers.append(HttpServer(parts.gateway, [listener]))
        for one in control:
            if one.scope == "agent":
                app = agent_app(parts.services, one.token, lambda behind: HooksApp(parts.hooks, parts.listener, behind))
            else:
                app = operator_app(parts.services, one.token)
            servers.append(HttpServer(app, [one.socket]))
        async with parts.sender:
            try:
                self._watch(parts)
                serving = [spawn(server.run(), "serve", _task_failed) for server in servers]
                for server in servers:
                    await server.started_event.wait()
                announce(self._places, self._gateway_url, __version__, control)
                _log.info("ready", gateway=self._gateway_url, version=__version__)
                ready(self._gateway_url, parts.keys)
                # Compiling rules keeps a processor busy: the first call may have to wait for it, the start need not.
                spawn(settle_apart(parts.prices, parts.scanner), "load engines and prices", _task_failed)
                await self._stopping.wait()
                _log.info("stopping")
                parts.services.approvals.close()
                parts.bus.close()
                await drain(servers, serving)
                with suppress(TimeoutError):
                    await asyncio.wait_for(parts.afterwards.done(), _LAST_LOOK_SECONDS)
            finally:
                # A call that is cut off queues its closing line before the ledger stops, or it would count as lost.
                await end_all(CANCEL_SECONDS)

    def _watch(self, parts: Parts) -> None:
        spawn(parts.evaluator.run(lambda change: _told(parts.bus, change)), "evaluate alert rules", _task_failed)
        spawn(watch_self(), "watch the daemon itself", _task_failed)
        spawn(self._watch_config(parts.reload), "watch the configuration", _task_failed)
        spawn(tidy_now_and_then(parts.keys), "note when keys were used, and give back memory", _task_failed)


async def _find_secrets(scanner: SecretScan, text: str, workspace: str, path: str) -> list[SecretFinding]:
    return [finding_line(one) for one in await scanner.scan([text], workspace, path)]


def _aside(step: Callable[[], None]) -> None:
    spawn(asyncio.to_thread(step), "call the person", _task_failed)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _ledger_failed(error: Exception) -> None:
    catalogue.ledger_write_failures_total.add()
    _log.error("the ledger could not be written", error=error)


def _listener_failed(name: str, error: BaseException) -> None:
    _log.error("a listener failed", error=error, listener=name)


def _task_failed(name: str, error: BaseException) -> None:
    _log.error("a background task ended", error=error, task=name)


def _warned(listener: Listener, state: BudgetState, percent: int) -> None:
    whose = (
        "" if state.dimension is Dimension.GLOBAL else f" of {state.dimension} {one_line(state.name, 80) or 'unknown'}"
    )
    spent, limit = show_dollars(state.spent), show_dollars(state.limit)
    text = f"{percent} % of the {state.window}'s budget{whose} is spent: {spent} of {limit}"
    listener.notice("budget.warning", str(state.dimension), text, {"percent": percent, "window": str(state.window)})


def _told(bus: EventBus, change: Any) -> None:
    word = "fires" if change.firing else "is over"
    bus.notice("alert", change.alert.name, f"{change.alert.name} {word}: {change.alert.summary}", {})
