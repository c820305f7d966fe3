"""Code actions by which the person at the editor says that a finding is no secret.

The command behind an action only opens a question; what counts is its answer. Other extensions could run the command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from companion.client import NotRunning, Refused, calls
from companion.contract.codec import WireError
from companion.contract.types import AcceptRequest
from companion_lsp.diagnostics import SOURCE
from companion_lsp.editor import Editor
from companion_lsp.link import Link, explain

COMMAND = "companion.accept"

CHOICES: dict[str, int | None] = {"For 1 day": 1, "For 30 days": 30, "For good": None}
"""What a person may choose, and how many days that is."""
CANCEL = "Cancel"

_LONGEST = 4_096
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What one action would have accepted."""

    title: str
    asked: AcceptRequest


class Acceptances:
    """Offers actions for findings, and takes the person's word to the daemon."""

    def __init__(self, editor: Editor, link: Link) -> None:
        self._editor = editor
        self._link = link

    def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """For each finding at the cursor: this value; this rule in this file; this rule in this workspace."""
        uri = params.text_document.uri
        return [
            types.CodeAction(
                title=offer.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                command=types.Command(title=offer.title, command=COMMAND, arguments=[_plain(offer.asked)]),
            )
            for diagnostic in params.context.diagnostics
            if diagnostic.source == SOURCE
            for offer in offers(diagnostic.data, to_fs_path(uri) or "", self._editor.workspace_of(uri))
        ]

    async def accept(self, given: object) -> None:
        """Asks for how long, and has it accepted. No answer accepts nothing."""
        asked = _read(given)
        if asked is None:
            self._editor.log("nothing was accepted: the command came without what it is about")
            return
        choices = [types.MessageActionItem(title=title) for title in (*CHOICES, CANCEL)]
        question = types.ShowMessageRequestParams(types.MessageType.Warning, _question(asked), choices)
        try:
            chosen = await self._editor.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException as error:
            self._editor.log(f"this editor cannot ask: {error}. Next: companion accept value {asked.secret}")
            return
        title = getattr(chosen, "title", None)
        if title not in CHOICES:
            return
        days = CHOICES[title]
        until = "" if days is None else (datetime.now().astimezone() + timedelta(days=days)).isoformat()
        try:
            line = await self._link.operator.do(calls.accept(evolve(asked, expires_at=until)))
        except (NotRunning, Refused, WireError) as error:
            self._editor.warn(f"nothing was accepted: {explain(error)}")
            return
        self._editor.log(f"accepted: {line.shown}. To take it back: companion accept revoke {line.id}")
        if line.warning:
            self._editor.warn(line.warning)


def offers(data: object, path: str, workspace: str) -> list[Offer]:
    """What can be accepted of a finding, by the data of its diagnostic."""
    found = data if isinstance(data, dict) else {}
    secret, called, rule = (_text(found.get(name)) for name in ("secret", "called", "rule"))
    made: list[Offer] = []
    if secret:
        asked = AcceptRequest(secret=secret, called=called, by="editor")
        made.append(Offer(f"companion: {called or 'this value'} is no secret…", asked))
    for where, scope in (("this file", path), ("this workspace", workspace)):
        if rule and scope:
            asked = AcceptRequest(rule=rule, scope=scope, by="editor")
            made.append(Offer(f"companion: what {rule} finds in {where} is no secret…", asked))
    return made


def _question(asked: AcceptRequest) -> str:
    """On one line, and so that no editor makes a link of a part of it."""
    if asked.rule:
        scope = asked.scope if len(asked.scope) <= _SHOWN else f"…{asked.scope[-_SHOWN:]}"
        said = f"companion will leave whatever {asked.rule[:_SHOWN]} finds in {scope} as it is, in prompts too."
    else:
        said = f"companion will leave {(asked.called or 'this value')[:_SHOWN]} as it is in prompts, everywhere."
    return f"{said} For how long?".replace("](", "] (")


def _plain(asked: AcceptRequest) -> dict[str, str]:
    return {"secret": asked.secret, "called": asked.called, "rule": asked.rule, "scope": asked.scope}


def _read(given: object) -> AcceptRequest | None:
    """As an action has it; None for anything else."""
    # Some clients hand over the arguments, some the first of them.
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 1:
        given = given[0]
    if not isinstance(given, dict):
        return None
    fields: dict[str, Any] = {name: _text(given.get(name)) for name in ("secret", "called", "rule", "scope")}
    if not fields["called"].endswith(f"_{fields['secret'][:8].upper()}"):
        # The person would be asked about another secret than the one that is accepted.
        fields["called"] = fields["secret"]
    return AcceptRequest(**fields, by="editor") if bool(fields["secret"]) != bool(fields["rule"]) else None


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) and value.isprintable() else ""
