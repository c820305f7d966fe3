"""What a configuration means for the rooms, and what a change of its file may and may not do while the daemon runs."""

from __future__ import annotations

import hashlib
import json
from zoneinfo import ZoneInfo

import attrs
import pytest

from companion.config.complaints import ConfigError
from companion.config.load import UPSTREAM_KEY_VARIABLE, load
from companion.config.schema import Config, Secrets
from companion.config.workspace import WorkspacePolicies
from companion.gatekeeper.limits import LimitReached, Limits
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.runaway import RunawayBrake
from companion.model.action import Tier
from companion.model.budget import ALL, Unpriced
from companion.model.exchange import Origin
from companion.model.money import PICODOLLARS_PER_DOLLAR
from companion.model.policy import CommandLevel
from companion.model.scope import Dimension
from companion.places import Places
from companion.policy.redaction import fingerprint_of
from companion.settings import InForce, Reload, accepted_by, faults_of, tiers_of, user_files
from companion.telemetry import catalogue
from companion.upstream.balance import Balance
from companion.upstream.dispatch import Dispatcher
from companion.upstream.faults import Faults
from companion.upstream.routes import Routes
from companion.upstream.sender import Sender
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
[auto]
enabled = false
[budgets]
day = "2.00"
unpriced = "deny"
[limits]
requests_per_minute = 1
wait_seconds = 0
runaway_per_minute = 1
[faults]
retries = 3
"""
ANYBODY = dict.fromkeys(Dimension, "") | {Dimension.GLOBAL: ALL}


def places_in(folder) -> Places:
    return Places(folder, folder / "state", folder / "run", folder / "cache")


class Running:
    """The rooms of a daemon that started with FIRST."""

    def __init__(self, folder) -> None:
        self.places = places_in(folder)
        self.file = self.places.config_file
        self.file.write_text(FIRST)
        config = load(self.places, environ={}).config
        self.routes = Routes(tiers_of(config))
        self.meter = Meter(ZoneInfo("UTC"), lambda: NOON, config.budgets.each())
        self.limits = Limits(config.limits.each(), config.limits.wait_seconds)
        self.brake = RunawayBrake(config.limits.runaway_per_minute, config.limits.runaway_per_hour, lambda: 0.0)
        self.dispatcher = Dispatcher(Sender(), faults_of(config))
        self.policies = WorkspacePolicies(config.policy)
        self.rules = InForce(config.auto, config.budgets.unpriced)
        self.heard = Heard()

    async def reload(self, overrides=None) -> None:
        reload = Reload(
            policies=self.policies,
            routes=self.routes,
            meter=self.meter,
            limits=self.limits,
            brake=self.brake,
            dispatcher=self.dispatcher,
            in_force=self.rules,
            listener=self.heard,
        )
        await reload.take(load(self.places, overrides or {}, environ={}))

    @property
    def in_force(self):
        commands = self.policies.policy_for("").commands
        return self.routes.shown(), commands, self.meter.budget_day, self.rules.auto.enabled, self.rules.unpriced

    async def lets_two_calls_in(self) -> bool:
        try:
            for _ in range(2):
                async with self.limits.enter(ANYBODY, 1):
                    pass
        except LimitReached:
            return False
        return True


@pytest.fixture
def running(tmp_path):
    return Running(tmp_path)


def refusals() -> float:
    return catalogue.config_reload_failures_total.read()[()]


STARTED = (
    {"plan": "one/*", "act": "one/m1", "small": "one/*"},
    CommandLevel.STRICT,
    PICODOLLARS_PER_DOLLAR,
    True,
    Unpriced.ALLOW,
)


async def test_a_changed_file_is_in_force_in_every_room_and_that_is_said(running):
    assert running.in_force == STARTED
    assert await running.lets_two_calls_in()
    running.file.write_text(SECOND)
    before = refusals()
    await running.reload()
    tiers = {"plan": "two/*", "act": "two/*", "small": "two/*"}
    assert running.in_force == (tiers, CommandLevel.STANDARD, 2 * PICODOLLARS_PER_DOLLAR, False, Unpriced.DENY)
    assert not await running.lets_two_calls_in()
    assert [bool(running.brake.judge(Origin())) for _ in range(2)] == [False, True]
    assert running.dispatcher._faults.retries == 3
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
async def test_what_cannot_be_used_changes_nothing_and_is_an_alert(running, caplog, text, said):
    if text is None:
        running.file.unlink()
    else:
        running.file.write_text(text)
    before = refusals()
    await running.reload()
    assert running.in_force == STARTED
    assert running.heard.notices == []
    assert refusals() == before + 1, "the rule config-refused watches this counter"
    [record] = [one for one in caplog.records if one.name == "companion.settings"]
    assert (record.levelname, record.msg.endswith("the one before stays in force")) == ("ERROR", True)
    assert said in record.fields["complaints"]
    assert record.fields["complaints"].startswith(str(running.file.parent))


async def test_a_file_that_came_back_is_taken(running):
    running.file.unlink()
    await running.reload()
    running.file.write_text(SECOND)
    await running.reload()
    assert running.routes.shown()["act"] == "two/*"


async def test_where_no_tier_was_in_force_none_is_missed(running):
    running.routes.replace({})
    running.file.write_text("[budgets]\nday = 5\n")
    before = refusals()
    await running.reload()
    assert (running.meter.budget_day, refusals()) == (5 * PICODOLLARS_PER_DOLLAR, before)


async def test_an_upstream_of_the_command_line_outlives_the_file(running):
    running.file.unlink()
    before = refusals()
    await running.reload({"upstream": "http://127.0.0.1:9"})
    assert set(running.routes.shown().values()) == {"default/*"}
    assert refusals() == before


def act_tier(folder, text):
    places = places_in(folder)
    places.config_file.write_text(text)
    return tiers_of(load(places, environ={}).config)[Tier.ACT]


def test_a_key_is_read_from_its_variable(tmp_path, monkeypatch):
    text = '[upstreams.u]\nurl = "https://u.example"\nprovider = "p"\nkey_env = "A_KEY"\n'
    monkeypatch.setenv("A_KEY", "sk-1")
    found = act_tier(tmp_path, text).target
    assert (found.name, found.url, found.key, found.provider) == ("u", "https://u.example", "sk-1", "p")
    monkeypatch.delenv("A_KEY")
    with pytest.raises(ConfigError, match="A_KEY"):
        act_tier(tmp_path, text)


def test_the_quick_start_needs_no_key(tmp_path, monkeypatch):
    text = f'[upstreams.u]\nurl = "https://u.example"\nkey_env = "{UPSTREAM_KEY_VARIABLE}"\n'
    monkeypatch.delenv(UPSTREAM_KEY_VARIABLE, raising=False)
    assert act_tier(tmp_path, text).target.key == ""
    monkeypatch.setenv(UPSTREAM_KEY_VARIABLE, "sk-2")
    assert act_tier(tmp_path, text).target.key == "sk-2"


def test_a_tier_has_its_candidates_in_order_with_their_models_and_weights(tmp_path):
    upstreams = "".join(f'[upstreams.{name}]\nurl = "https://{name}.example"\n' for name in "ab")
    others = "".join(f'[tiers.{tier}]\nupstream = "a"\n' for tier in ("plan", "small"))
    act = '[tiers.act]\nupstreams = ["b/m", "a"]\nbalance = "weighted"\nweights = [3, 0]\n'
    tier = act_tier(tmp_path, upstreams + others + act)
    assert [(one.target.name, one.model, one.weight) for one in tier.candidates] == [("b", "m", 3), ("a", "", 0)]
    assert tier.balance is Balance.WEIGHTED


def another(value):
    """A value of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case tuple():
            return (*value, "x")
        case Tier():
            return next(tier for tier in Tier if tier is not value)
    raise AssertionError(value)


def test_law_every_number_of_faults_reaches_its_room():
    said = Config().faults
    assert faults_of(Config()) == Faults(), "one set of defaults"
    for one in attrs.fields(type(said)):
        changed = attrs.evolve(said, **{one.name: another(getattr(said, one.name))})
        found = faults_of(attrs.evolve(Config(), faults=changed))
        assert getattr(found, one.name) == getattr(changed, one.name), one.name


def test_the_users_own_files_are_read_and_a_person_or_a_baseline_accepts(tmp_path):
    (tmp_path / "rules.toml").write_text("[[rules]]\nid='acme'\nregex='acme-[0-9]{4}'\n")
    audited = [{"hashed_secret": hashlib.sha1(b"audited").hexdigest(), "is_secret": False}]
    (tmp_path / ".secrets.baseline").write_text(json.dumps({"results": {"a": audited}}))
    said = Secrets(tmp_path / "rules.toml", None, (tmp_path / ".secrets.baseline",))
    files = user_files(Config(secrets=said))
    assert [engine.name for engine in files.engines] == ["gitleaks"]
    accepted = accepted_by(
        b"k", lambda print_, rule, _: print_() == fingerprint_of("mine", b"k") or rule == "r", files.baselines
    )
    place = str(tmp_path)
    assert [accepted(value, "", place) for value in ("mine", "audited", "none")] == [True, True, False]
    assert accepted("none", "r", place)
    assert not accepted("audited", "", "/elsewhere")
