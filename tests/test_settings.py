"""What a configuration means for the rooms, and what a change of its file may and may not do while the daemon runs."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from companion.config.complaints import ConfigError
from companion.config.load import UPSTREAM_KEY_VARIABLE, load
from companion.config.schema import Budgets, Config, TierRoute, Upstream
from companion.config.workspace import WorkspacePolicies
from companion.gatekeeper.meter import BudgetExceeded, Meter
from companion.model.action import Tier
from companion.model.money import PICODOLLARS_PER_DOLLAR
from companion.model.policy import CommandLevel
from companion.places import Places
from companion.settings import Reload, budget_of, tiers_of
from companion.telemetry import catalogue
from companion.upstream.routes import Routes
from tests.support.rooms import NOON, Heard

FIRST = """\
[upstreams.one]
url = "https://one.example"
[tiers.act]
model = "m1"
[budgets]
day = "1.00"
[policy]
commands = "strict"
"""
SECOND = """\
[upstreams.two]
url = "https://two.example"
[budgets]
day = "2.00"
"""


class Running:
    """The rooms of a daemon that started with FIRST."""

    def __init__(self, folder) -> None:
        self.places = Places(folder, folder / "state", folder / "run", folder / "cache")
        self.file = self.places.config_file
        self.file.write_text(FIRST)
        config = load(self.places, environ={}).config
        self.policies = WorkspacePolicies(config.policy)
        self.routes = Routes(tiers_of(config))
        self.meter = Meter(ZoneInfo("UTC"), lambda: NOON, budget_of(config))
        self.heard = Heard()

    def reload(self, overrides=None) -> None:
        reload = Reload(self.policies, self.routes, self.meter, self.heard)
        reload.take(load(self.places, overrides or {}, environ={}))

    @property
    def in_force(self):
        return self.routes.shown(), self.policies.policy_for("").commands, self.meter.budget_day


@pytest.fixture
def running(tmp_path):
    return Running(tmp_path)


def refusals() -> float:
    return catalogue.config_reload_failures_total.read()[()]


STARTED = (
    {"plan": "one/*", "act": "one/m1", "small": "one/*"},
    CommandLevel.STRICT,
    PICODOLLARS_PER_DOLLAR,
)


def test_a_changed_file_puts_policy_tiers_and_budget_in_force_and_says_so(running):
    assert running.in_force == STARTED
    running.file.write_text(SECOND)
    before = refusals()
    running.reload()
    tiers = {"plan": "two/*", "act": "two/*", "small": "two/*"}
    assert running.in_force == (tiers, CommandLevel.STANDARD, 2 * PICODOLLARS_PER_DOLLAR)
    assert [(name, id) for name, id, *_ in running.heard.notices] == [("config.changed", str(running.file))]
    assert refusals() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budgets]\nday = -1\n", "budgets.day: expected US dollars above 0"),
        (
            "[upstreams.one]\nurl = 'https://one.example'\nkey_file = 'gone'\n",
            "upstreams.one.key_file: expected a file",
        ),
        (None, "expected an upstream that serves the tiers, found no such file; put it back"),
        ("", "expected an upstream that serves the tiers, found none; put it back"),
        ("[policy]\ncommands = 'standard'\n", "expected an upstream that serves the tiers, found none"),
    ],
    ids=["complaint", "key", "deleted", "emptied", "no upstream"],
)
def test_what_cannot_be_used_changes_nothing_and_is_an_alert(running, caplog, text, said):
    if text is None:
        running.file.unlink()
    else:
        running.file.write_text(text)
    before = refusals()
    running.reload()
    assert running.in_force == STARTED
    assert running.heard.notices == []
    assert refusals() == before + 1, "the rule config-refused watches this counter"
    [record] = caplog.records
    assert (record.levelname, record.msg.endswith("the one before stays in force")) == ("ERROR", True)
    assert said in record.fields["complaints"]
    assert record.fields["complaints"].startswith(str(running.file.parent))


def test_a_file_that_came_back_is_taken(running):
    running.file.unlink()
    running.reload()
    running.file.write_text(SECOND)
    running.reload()
    assert running.routes.shown()["act"] == "two/*"


def test_where_no_tier_was_in_force_none_is_missed(running):
    running.routes.replace({})
    running.file.write_text("[budgets]\nday = 5\n")
    before = refusals()
    running.reload()
    assert (running.meter.budget_day, refusals()) == (5 * PICODOLLARS_PER_DOLLAR, before)


def test_an_upstream_of_the_command_line_outlives_the_file(running):
    running.file.unlink()
    before = refusals()
    running.reload({"upstream": "http://127.0.0.1:9"})
    assert set(running.routes.shown().values()) == {"default/*"}
    assert refusals() == before


def tiers(**upstream):
    return tiers_of(Config(upstreams={"u": Upstream("https://u", "p", **upstream)}, tiers={Tier.ACT: TierRoute("u")}))


def test_a_key_is_read_from_its_variable(monkeypatch):
    monkeypatch.setenv("A_KEY", "sk-1")
    [target] = [one.target for one in tiers(key_env="A_KEY").values()]
    assert (target.name, target.url, target.key, target.provider) == ("u", "https://u", "sk-1", "p")
    monkeypatch.delenv("A_KEY")
    with pytest.raises(ConfigError, match="A_KEY"):
        tiers(key_env="A_KEY")


def test_the_quick_start_needs_no_key(monkeypatch):
    monkeypatch.delenv(UPSTREAM_KEY_VARIABLE, raising=False)
    assert tiers(key_env=UPSTREAM_KEY_VARIABLE)[Tier.ACT].target.key == ""
    monkeypatch.setenv(UPSTREAM_KEY_VARIABLE, "sk-2")
    assert tiers(key_env=UPSTREAM_KEY_VARIABLE)[Tier.ACT].target.key == "sk-2"


def test_a_budget_is_exact_and_none_is_no_limit(running):
    assert budget_of(Config(budgets=Budgets(day=Decimal("0.000000000001")))) == 1
    assert budget_of(Config()) is None
    with pytest.raises(BudgetExceeded):
        running.meter.reserve(PICODOLLARS_PER_DOLLAR + 1)
