"""What the demo prints, and when."""

import io

import pytest
from rich.console import Console

from companion.contract.types import ExchangeLine, SpendReport, SpendRow
from companion.demo.session import StepStarted, Text, ToolResult
from companion.demo.tell import Teller

LONG = "companion refused this (ignored-path): .env is ignored (companion's default list, line 1: .env). leave it alone"


class Stage:
    """A teller and what it printed."""

    def __init__(self, *, terminal: bool, width: int = 80) -> None:
        self._file = io.StringIO()
        console = Console(file=self._file, width=width, force_terminal=terminal, soft_wrap=not terminal, no_color=True)
        self.teller = Teller(console)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._file.getvalue().splitlines()]


@pytest.fixture
def piped():
    return Stage(terminal=False)


def line(outcome: str, ending: str = "served", reason: str = "", approver: str = "") -> ExchangeLine:
    texts = dict.fromkeys(["parent", "client", "workspace", "tier", "guard", "upstream", "model_asked", "model"], "")
    return ExchangeLine(
        **texts, id="x", opened_at="t", closed_at="t", kind="shell", summary="rm -rf build", ending=ending,
        outcome=outcome, code="c", reason=reason, approver=approver, calls=1, status=200, redactions=0,
    )  # fmt: skip


def refuse(teller: Teller) -> None:
    teller.hear(StepStarted(1, "run_commands", {"commands": [f"echo '{LONG}'; exit 126"]}))
    teller.hear(ToolResult(1, "run_commands", f"{LONG}\nCommand exited with code 126", 126))


def test_a_refused_call_is_the_gates_word_and_not_the_agents(piped):
    refuse(piped.teller)
    assert piped.lines == [f"  gate      {LONG}"]


def test_a_long_line_goes_on_below_its_own_beginning():
    stage = Stage(terminal=True)
    refuse(stage.teller)
    first, *rest = stage.lines
    assert "gate" in first
    assert rest
    assert all(each.startswith(" " * 12) for each in rest)


def test_an_answer_comes_after_what_the_model_says_of_the_action(piped):
    piped.teller.answered("rm -rf build", approve=True, why="can be made again")
    piped.teller.hear(Text("I clear the labels."))
    piped.teller.hear(StepStarted(1, "run_commands", {"commands": ["rm -rf build"]}))
    assert [each.split()[0] for each in piped.lines] == ["model", "person", "agent"]


def test_while_the_terminal_is_somebody_elses_nothing_is_printed(piped):
    with piped.teller.holding():
        piped.teller.hear(Text("first"))
        piped.teller.note("second")
        assert piped.lines == []
    assert piped.lines == ["  model     first", "second"]


def test_a_spinner_leaves_the_terminal_to_somebody_else():
    stage = Stage(terminal=True)
    with stage.teller.busy("busy"), stage.teller.holding():
        before = len(stage.lines)
        stage.teller.note("later")
        assert len(stage.lines) == before
    assert "later" in "\n".join(stage.lines)


@pytest.mark.parametrize(
    ("outcome", "ending", "word"),
    [
        ("allow", "served", "allowed"),
        ("amend", "served", "redacted"),
        ("deny", "refused", "refused"),
        ("ask", "served", "approved"),
        ("ask", "refused", "denied"),
    ],
)
def test_the_ledger_says_what_became_of_it(piped, outcome, ending, word):
    piped.teller.ledger([line(outcome, ending, "the reason", "tui" if outcome == "ask" else "")])
    assert piped.lines[0] == f"  {word:<9} shell rm -rf build"
    if outcome == "ask":
        assert piped.lines[1].strip() == "the reason (answered by: tui)"


def test_spend_and_proof(piped):
    row = SpendRow("act", 10, 100, 900, 0, 5, 17_000_000_000, 0, 0)
    total = SpendRow("total", 10, 100, 900, 0, 5, 17_000_000_000, 0, 0)
    piped.teller.spend(SpendReport("d", "d", "UTC", "tier", total, [row]))
    piped.teller.proof(97_181, 14, 95, 0)
    piped.teller.restored(whole=True, page="notes/rotation.md")
    assert " ".join(piped.lines[0].split()) == "act 10 calls 1,000 tokens in 900 of them cached $0.0170"
    assert piped.lines[1].split()[0] == "total"
    assert "Of 95 planted secrets and lines of ignored files: 0 found." in piped.lines[3]
    assert "notes/rotation.md on the disk holds the real token" in piped.lines[4]


def test_it_ends_with_what_to_type_next(piped):
    piped.teller.close()
    commands = [each.strip() for each in piped.lines if each.strip().startswith("companion ")]
    assert [each.split()[1] for each in commands] == ["up", "connect", "tui"]
