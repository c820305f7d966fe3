"""Turns what happens into numbers and log lines."""

from __future__ import annotations

from collections.abc import Mapping

from companion.gatekeeper.runaway import RUNAWAY
from companion.telemetry import catalogue
from companion.telemetry.log import get_logger

_log = get_logger("companion.exchanges")


class Onlooker:
    """Fulfils `companion.gatekeeper.ports.Listener`."""

    def __init__(self) -> None:
        self._open = 0
        catalogue.exchanges_open.follow(lambda: self._open)

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None:  # noqa: A002
        match name:
            case "exchange.opened":
                self._open += 1
            case "exchange.closed":
                self._closed(id, text, details)
            case "approval.opened":
                catalogue.approvals_pending.add(1)
                _log.info("approval opened", approval=id, code=details.get("code"))
            case "approval.closed":
                catalogue.approvals_pending.add(-1)
                if details.get("by") == "timeout":
                    catalogue.approvals_expired_total.add()
                _log.info("approval closed", approval=id, how=text)
            case "call.attached":
                catalogue.calls_attached_total.add()
            case "answer.secret":
                catalogue.secrets_answered_total.add(int(str(details["known"])))
                _log.warning("a secret in an answer", exchange=id, what=text)
            case "budget.warning":
                catalogue.budgets_reached_total.add(
                    dimension=id, window=str(details["window"]), percent=str(details["percent"])
                )
                _log.warning("budget reached", what=text)
            case "request.turned-away":
                catalogue.unauthorized_requests_total.add(edge="gateway", reason=id)
                _log.warning("request turned away", reason=id, why=text)
            case "failure":
                error = details.get("error")
                _log.error("failure", where=id, error=error if isinstance(error, BaseException) else None)
            case _:
                _log.info(name, id=id, text=text)

    def _closed(self, id: str, text: str, details: Mapping[str, object]) -> None:  # noqa: A002
        self._open -= 1
        catalogue.exchanges_total.add(kind=str(details["kind"]), outcome=str(details["ending"]))
        if details["code"] == "guard-failed":
            catalogue.guard_failures_total.add(guard=str(details["guard"]))
        self._refused(str(details["code"]), str(details["client"]))
        if details.get("privileged"):
            catalogue.privileged_requests_total.add(client=str(details["client"]))
            _log.warning("an agent asked for what would change who decides", exchange=id, code=details["code"])
        spent = details["picodollars"]
        if isinstance(spent, int):
            catalogue.spent_picodollars_total.add(spent)
        if not details["priced"]:
            catalogue.unpriced_calls_total.add(model=str(details["model"]))
        for kind, count in _counts(details["redacted"]).items():
            catalogue.secrets_redacted_total.add(count, type=kind)
        if details["kind"] == "model" and details["ending"] == "failed":
            catalogue.upstream_errors_total.add(
                upstream=str(details["upstream"]), error=str(details["status"] or "none")
            )
        # The ledger has every exchange; the log only says what went otherwise than asked.
        say = _log.debug if details["ending"] == "served" else _log.info
        say("exchange closed", exchange=id, kind=details["kind"], how=text)

    @staticmethod
    def _refused(code: str, client: str) -> None:
        if code in {"budget-exceeded", "unpriced-call", RUNAWAY} or code.startswith("limit-"):
            catalogue.calls_refused_total.add(code=code)
        if code == RUNAWAY:
            catalogue.runaway_stops_total.add(client=client)


def _counts(value: object) -> Mapping[str, int]:
    return value if isinstance(value, Mapping) else {}
