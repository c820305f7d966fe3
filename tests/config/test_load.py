"""What holds, where it came from, and every complaint at once."""

from decimal import Decimal
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.config.complaints import ConfigError
from companion.config.load import UPSTREAM_KEY_VARIABLE, load
from companion.config.provenance import Layer, Loaded
from companion.config.rules import KINDS, RULES, rule_of
from companion.config.schema import (
    Amounts,
    Balance,
    Cache,
    Candidate,
    Config,
    Faults,
    Gateway,
    Limits,
    Quotas,
    TierRoute,
    Upstream,
)
from companion.model.action import Tier
from companion.model.budget import Unpriced
from companion.model.policy import CommandLevel, Policy, SecretAction
from companion.model.scope import Dimension
from companion.places import Places
from companion.policy.auto import AutoRules

FULL = """\
[gateway]
host = "::1"
port = 0
[upstreams.work]
url = "https://api.anthropic.com/"
key_env = "ANTHROPIC_API_KEY"
[upstreams.local]
url = "http://127.0.0.1:8080/v1"
key_file = "local.key"
provider = "openai"
account = "home"
allow_private = true
[tiers.plan]
upstream = "work"
model = "claude-opus-4-6"
[tiers.act]
upstream = "work"
[tiers.small]
upstreams = ["local/org/tiny", "work"]
balance = "weighted"
weights = [3, 1]
[auto]
enabled = false
simple_tokens = 10
complex_tokens = 20
simple_tier = "act"
moderate_tier = "plan"
complex_tier = "small"
complex_words = ["Rewrite"]
[budgets]
day = 10.10
month = 100
timezone = "Europe/Berlin"
unpriced = "deny"
[budgets.model."claude-3.5 (new)"]
week = "1.00"
[budgets.client]
"*" = { day = 2 }
[limits]
requests_per_minute = 60
wait_seconds = 0
runaway_per_hour = 0
[limits.key.laptop]
tokens_per_minute = 100000
parallel = 2
[faults]
retries = 0
deadline_seconds = 1
first_byte_seconds = 2
idle_seconds = 3
breaker_failures = 4
breaker_seconds = 5
[cache]
enabled = true
seconds = 60
megabytes = 1
[policy]
secrets = "deny"
gitignored = "ask"
commands = "strict"
ignore_files = [".private", ".private"]
protected_branches = []
approval_seconds = 30
[log]
level = "debug"
"""


def one(upstream: str, model: str | None = None) -> TierRoute:
    return TierRoute((Candidate(upstream, model),))


ONE = '[upstreams.work]\nurl = "https://api.openai.com"\n'


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


class Home:
    def __init__(self, folder: Path) -> None:
        self.places = Places(folder, folder / "state", folder / "run", folder / "cache")

    def load(self, text: str | None = None, overrides=None, environ=None) -> Loaded:
        if text is not None:
            self.places.config_file.write_text(text)
        return load(self.places, overrides or {}, environ or {})

    def complaints(self, text, overrides=None):
        return [str(one).removeprefix(str(self.places.config_file)) for one in self.load(text, overrides).complaints]


def test_the_whole_schema(home):
    config = home.load(FULL).config
    assert config.gateway == Gateway("::1", 0)
    assert config.upstreams == {
        "work": Upstream("https://api.anthropic.com", "anthropic", key_env="ANTHROPIC_API_KEY", account="work"),
        "local": Upstream(
            "http://127.0.0.1:8080/v1",
            "openai",
            key_file=home.places.config / "local.key",
            account="home",
            allow_private=True,
        ),
    }
    assert config.tiers == {
        Tier.PLAN: one("work", "claude-opus-4-6"),
        Tier.ACT: one("work"),
        Tier.SMALL: TierRoute((Candidate("local", "org/tiny", 3), Candidate("work", None, 1)), Balance.WEIGHTED),
    }
    assert (config.tiers[Tier.SMALL].upstream, config.tiers[Tier.SMALL].model) == ("local", "org/tiny")
    assert config.auto == AutoRules(False, 10, 20, 8, ("rewrite",), Tier.ACT, Tier.PLAN, Tier.SMALL)
    assert (config.budgets.day, config.budgets.week, config.budgets.month) == (Decimal("10.10"), None, Decimal(100))
    assert (config.budgets.timezone, config.budgets.unpriced) == ("Europe/Berlin", Unpriced.DENY)
    assert config.budgets.by_name == {
        Dimension.MODEL: {"claude-3.5 (new)": Amounts(week=Decimal("1.00"))},
        Dimension.CLIENT: {"*": Amounts(day=Decimal(2))},
    }
    assert config.limits == Limits(
        60, wait_seconds=0, runaway_per_hour=0, by_name={Dimension.KEY: {"laptop": Quotas(None, 100_000, 2)}}
    )
    assert config.faults == Faults(0, 1, 2, 3, 4, 5)
    assert config.cache == Cache(True, 60, 1)
    assert config.policy.secrets is SecretAction.DENY
    assert config.policy.commands is CommandLevel.STRICT
    assert (config.policy.ignore_files, config.policy.protected_branches) == ((".private",), ())
    assert config.policy.approval_seconds == 30
    assert config.log.level == "debug"


def test_no_file_is_the_defaults(home):
    loaded = home.load()
    assert loaded.config.policy == Policy()
    assert loaded.config.gateway == Gateway()
    assert (loaded.config.upstreams, loaded.config.tiers) == ({}, {})
    assert {origin.layer for origin in loaded.origins.values()} == {Layer.DEFAULT}
    assert "no upstream is named yet, so no model can be called" in loaded.remarks


def test_every_key_has_a_rule_and_an_origin(home):
    loaded = home.load(FULL)
    assert all(rule_of(key) for key in loaded.history)
    named = {'budgets.model."claude-3.5 (new)".week', 'budgets.client."*".day'}
    named |= {"limits.key.laptop.tokens_per_minute", "limits.key.laptop.parallel"}
    assert set(loaded.history) == named | {
        f"{section}.{between}{key}"
        for section, rules in RULES.items()
        for between in {"upstreams": ("work.", "local."), "tiers": ("plan.", "act.", "small.")}.get(section, ("",))
        for key in rules
    }
    assert str(loaded.origins["gateway.port"]) == f"{home.places.config_file}:3"
    assert str(loaded.origins["upstreams.work.provider"]) == "default (guessed from the url)"


def test_the_only_upstream_serves_every_tier(home):
    loaded = home.load(ONE + '[tiers.plan]\nmodel = "big"\n')
    assert loaded.config.tiers == {
        Tier.PLAN: one("work", "big"),
        Tier.ACT: one("work"),
        Tier.SMALL: one("work"),
    }
    assert str(loaded.origins["tiers.act.upstream"]) == "default (the only upstream)"


def test_layers_override_each_other_in_order(home):
    loaded = home.load(
        '[budgets]\ntimezone = "Asia/Tokyo"\n[gateway]\nport = 1\n', {"gateway.port": 2}, {"TZ": ":Europe/Paris"}
    )
    layers = [setting.origin.layer for setting in loaded.history["budgets.timezone"]]
    assert layers[-2:] == [Layer.ENVIRONMENT, Layer.USER]
    assert loaded.config.budgets.timezone == "Asia/Tokyo"
    assert [setting.value for setting in loaded.history["gateway.port"]] == [4141, 1, 2]
    assert loaded.config.gateway.port == 2
    assert home.load("", environ={"TZ": "Europe/Paris"}).config.budgets.timezone == "Europe/Paris"


def test_an_upstream_on_the_command_line_serves_alone(home):
    loaded = home.load(FULL, {"upstream": "http://localhost:9/", "gateway.port": None})
    assert loaded.config.upstreams == {
        "default": Upstream("http://localhost:9", "unknown", key_env=UPSTREAM_KEY_VARIABLE, account="default"),
    }
    assert set(loaded.config.tiers.values()) == {one("default")}
    assert loaded.origins["tiers.plan.upstream"].layer is Layer.COMMAND_LINE
    assert [s.value for s in loaded.history["tiers.plan.model"]] == [None, "claude-opus-4-6", None]
    assert loaded.config.gateway.port == 0
    assert len(loaded.remarks) == 1


def test_the_command_line_can_name_a_budget(home):
    key = 'budgets.project."/home/me/my.app".day'
    loaded = home.load("[budgets.project.'/home/me/my.app']\nday = 1\n", {key: "2.50"})
    assert [(one.value, one.origin.layer) for one in loaded.history[key]] == [
        (Decimal(1), Layer.USER),
        (Decimal("2.50"), Layer.COMMAND_LINE),
    ]
    assert loaded.config.budgets.by_name == {Dimension.PROJECT: {"/home/me/my.app": Amounts(day=Decimal("2.50"))}}


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"gateway.port": 70000}, "command line: gateway.port: expected a whole number from 0 to 65535, found 70000"),
        ({"upstream": "ftp://x"}, "command line: upstreams.default.url: expected an https URL"),
        ({"gateway.prot": 1}, "command line: gateway.prot: expected a known key, found an unknown one"),
        ({"upstreams.none.url": "https://x"}, "command line: upstreams.none.url: expected a known key"),
    ],
)
def test_complaints_about_the_command_line(home, overrides, complaint):
    (only,) = home.complaints("", overrides)
    assert only.startswith(complaint)


def test_every_complaint_at_once_and_in_order(home):
    text = """\
[gateway]
hots = "x"
port = "abc"
[upstreams.a]
url = "https://api.openai.com"
key_env = "A"
key_file = "b"
[upstreams.b]
[tiers.plan]
upstream = "aa"
[policy]
secrets = "redcat"
"""
    loaded = home.load(text)
    assert [(one.line, one.key) for one in loaded.complaints] == [
        (2, "gateway.hots"),
        (3, "gateway.port"),
        (7, "upstreams.a.key_file"),
        (8, "upstreams.b.url"),
        (9, "tiers.act.upstream"),
        (9, "tiers.small.upstream"),
        (10, "tiers.plan.upstream"),
        (12, "policy.secrets"),
    ]
    with pytest.raises(ConfigError) as caught:
        _ = loaded.config
    assert str(caught.value) == "\n".join(map(str, loaded.complaints))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("port = 1", ':1: port: expected the table "gateway", .*; did you mean "gateway.port"?'),
        ("[gatway]", ':1: gatway: expected the table .*, found an unknown one; did you mean "gateway"?'),
        ("gateway = 3", ":1: gateway: expected a table [gateway], found 3"),
        (
            '[upstreams]\nurl = "https://x"',
            ":2: upstreams.url: expected a table [upstreams.NAME], found text; give it a name",
        ),
        ('[upstreams."my one"]', ':1: upstreams."my one": expected a name of up to 40 letters'),
        (
            ONE + '[tiers.act]\nupstream = "wrk"',
            ':4: tiers.act.upstream: expected one of .* found "wrk"; did you mean "work"?',
        ),
        ('[tiers.act]\nupstream = "wrk"', ":2: tiers.act.upstream: expected an upstream that has a table of its own"),
        ("[tiers.paln]", ':1: tiers.paln: expected the tier .*did you mean "plan"?'),
        (
            "[budgets.client]\nday = 1",
            ":2: budgets.client.day: expected a table [budgets.client.NAME], found 1; give it a",
        ),
        ("[limits]\nkey = 3", ":2: limits.key: expected a table [limits.key.NAME], found 3"),
        (
            "[budgets.tier.atc]",
            ':1: budgets.tier.atc: expected the tier "plan", "act", "small" or "*", found another name',
        ),
        ('[budgets.user."a\\u0007"]', ':1: budgets.user."a\\u0007": expected a name of 1 to 1000 visible characters'),
        ("[budgets.user.me]\ndya = 1", ':2: budgets.user.me.dya: expected the key .*did you mean "day"?'),
        ("[budgets.user.me]\nday = 0", ":2: budgets.user.me.day: expected US dollars above 0.*found 0"),
        ("[budgets]\nclinet = 1", ':2: budgets.clinet: expected the key .*did you mean "client"?'),
        ("[auto]\nsimple_tokens = 400000", ":1: auto.complex_tokens: expected more tokens than simple_tokens, 400000"),
        ("[cache]\nenabled = 1", ":2: cache.enabled: expected true or false, found 1"),
        (
            ONE + "[tiers.act]\nupstreams = []",
            ":4: tiers.act.upstreams: expected a list of 1 to 16.*found an empty list",
        ),
        (
            ONE + '[tiers.act]\nupstreams = ["work", "wrk/m"]',
            ':4: tiers.act.upstreams: expected one of .* found "wrk"; did you mean "work"?',
        ),
        (
            ONE + '[tiers.act]\nmodel = "m"\nupstreams = ["work"]',
            ":4: tiers.act.model: expected upstream and model, or upstreams, found both",
        ),
        ("[log]\nlevel = 'WARNING'", ':2: log.level: expected .* did you mean "warning"?'),
    ],
)
def test_what_a_complaint_says(home, text, complaint):
    first = home.complaints(text)[0]
    start, _, end = complaint.partition(".*")
    assert first.startswith(start)
    assert end in first


def test_a_number_too_long_for_python_to_print(home):
    (only,) = home.complaints(f"[gateway]\nport = 0x{'f' * 9000}")
    assert only.endswith("found a whole number of 36000 bits")


def test_an_upstream_that_cannot_be_read_brings_no_further_complaints(home):
    assert len(home.complaints('[upstreams."a b"]\nurl = "https://x"\n[tiers.act]\nmodel = "x"')) == 1
    assert len(home.complaints('upstreams = 3\n[tiers.act]\nupstream = "work"')) == 1


@pytest.mark.parametrize(
    "line",
    [
        'key_env = "sk-ant-hush"',
        'key = "sk-ant-hush"',
        'url = "https://me:sk-ant-hush@x"',
        'url = "https://x?key=sk-ant-hush"',
        'url = "sk-ant-hush"',
    ],
)
def test_no_complaint_shows_a_key(home, line):
    complaints = home.complaints(f"[upstreams.work]\n{line}\n")
    assert complaints
    assert "hush" not in "".join(complaints)


KEYS = st.sampled_from(
    sorted({*RULES, *KINDS, "work", "plan", "act", "x", "*", *(key for rules in RULES.values() for key in rules)})
)
SCALARS = st.sampled_from(
    ["work", "https://x.ai", "deny", "A", ".x", 1, 0, 60, True, 0.5, [], ["work"], ["work/m"], [1]]
) | st.text(max_size=4)
DOCUMENTS = st.dictionaries(
    KEYS, st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)
)


@settings(max_examples=150)
@given(data=DOCUMENTS, upstream=st.sampled_from([None, "https://api.x.ai", "http://["]))
def test_any_document_gives_a_configuration_or_complaints(tmp_path_factory, data, upstream):
    home = Home(tmp_path_factory.getbasetemp())
    home.places.config_file.write_text(tomlkit.dumps(data).replace("\r", ""), encoding="utf-8")
    loaded = load(home.places, {"upstream": upstream}, {})
    if loaded.complaints:
        assert all(one.file and one.expected and one.found for one in loaded.complaints)
        with pytest.raises(ConfigError):
            _ = loaded.config
    else:
        assert isinstance(loaded.config, Config)
        routes = loaded.config.tiers.values()
        assert all(one.upstream in loaded.config.upstreams for route in routes for one in route.candidates)
        assert all(budget.picodollars > 0 for budget in loaded.config.budgets.each())
