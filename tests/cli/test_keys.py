"""`companion keys`: a secret is shown once, and a revoked key is useless from then on."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from companion.cli.keys import keys
from companion.cli.main import main
from companion.cli.shared import local_time
from companion.model.action import Tier
from companion.model.scope import KeyScope, VirtualKey


def run(*arguments):
    return CliRunner().invoke(keys, list(arguments))


def test_none_yet(control):
    assert run("list").stdout == "no keys yet. next: companion keys create NAME\n"
    assert json.loads(run("list", "--json").stdout) == []


def test_a_secret_is_shown_once(control):
    result = run("create", "laptop")
    id_, secret, *words = result.stdout.split()
    assert (result.exit_code, words) == (0, ["shown", "this", "once"])
    assert control.keys.authenticate(secret).id == id_
    for listed in (run("list").stdout, run("list", "--json").stdout):
        assert id_ in listed
        assert "laptop" in listed
        assert secret not in listed


def rows(*arguments):
    """The table's rows below its head, without what only frames it."""
    lines = [line.split() for line in run("list", *arguments).stdout.splitlines()]
    return [line for line in lines if line and not set(line[0]) <= set("╷╶─╴━")][1:]


def test_when_it_was_made_and_last_used(control):
    made = json.loads(run("create", "laptop", "--json").stdout)
    assert rows() == [["laptop", made["id"], "live", "everything", "never", "never"]]
    control.keys.authenticate(made["secret"])
    [line] = json.loads(run("list", "--json").stdout)
    assert line["last_used_at"] >= line["created_at"]
    assert rows() == [["laptop", made["id"], "live", "everything", *local_time(line["last_used_at"]).split(), "never"]]


def test_a_revoked_key_is_useless_and_stays_in_the_list(control):
    made = json.loads(run("create", "laptop", "--json").stdout)
    result = run("revoke", made["id"])
    assert (result.exit_code, result.stdout) == (0, f"{made['id']} is revoked\n")
    assert control.keys.authenticate(made["secret"]) is None
    assert rows()[0][:3] == ["laptop", made["id"], "revoked"]
    again = json.loads(run("revoke", made["id"], "--json").stdout)
    assert again["revoked_at"]


@pytest.mark.parametrize(
    ("arguments", "said", "following"),
    [
        (["create", "laptop"], "there is a virtual key 'laptop' already", "choose another name, or revoke it"),
        (["create", "a;b"], "'a;b' is no name for a virtual key", "use 1 to 64 letters"),
        (["create", "b", "--tag", "x,y"], "'x,y' is no tag", "use letters"),
        (["create", "b", "--model", "gpt-[45]"], "'gpt-[45]' is no model", "name a model as its provider does"),
        (["create", "b", "--expires", "2001-01-01"], "has passed already", "companion keys create b --expires 30d"),
        (["rotate", "laptop", "--grace", "31d"], "at most 30 days", "companion keys rotate key-"),
        (["expire", "laptop", "--at", "2001-01-01T00:00"], "has passed already", "companion keys expire key-"),
        (["revoke", "key-0"], "there is no virtual key 'key-0'", "companion keys list"),
        (["rotate", "a b"], "there is no virtual key 'a b'", "companion keys list"),
        (["expire", "../x", "--never"], "there is no virtual key '../x'", "companion keys list"),
        (["show", "\x1b[31m"], "there is no virtual key '\\x1b[31m'", "companion keys list"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_step(control, arguments, said, following):
    run("create", "laptop")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert f"next: {following}" in result.stderr
    assert [(key.state, key.expires_at) for key in control.keys.list()] == [("live", "")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "b", "--tier", "huge"], "'huge' is not one of 'plan', 'act', 'small'"),
        (["create", "b", "--expires", "soon"], "'soon' is no time"),
        (["create", "b", "--expires", "999999999w"], "can be counted"),
        (["rotate", "laptop", "--grace", "forever"], "'forever' is no duration"),
        (["expire", "laptop", "--in", "2026-12-31"], "is no duration"),
        (["expire", "laptop", "--at", "30d"], "'30d' is no time"),
        (["expire", "laptop"], "give one of --in, --at and --never"),
        (["expire", "laptop", "--never", "--in", "1d"], "give one of --in, --at and --never"),
        (["revoke", ""], "which virtual key?"),
        (["create"], "Missing argument 'NAME'"),
    ],
)
def test_wrong_usage_is_said_and_changes_nothing(control, arguments, said):
    run("create", "laptop")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())
    assert [(key.state, key.expires_at) for key in control.keys.list()] == [("live", "")]


NARROWED = [
    *("--project", "/home/ada/web", "--user", "ada", "--team", "core team", "--tag", "ci", "--tag", "a:smile:"),
    *("--tier", "plan", "--tier", "small", "--model", "claude-haiku-*", "--model", "openai:gpt-5"),
]
SCOPE = KeyScope(
    "ci",
    "/home/ada/web",
    "ada",
    "core team",
    ("ci", "a:smile:"),
    (Tier.PLAN, Tier.SMALL),
    ("claude-haiku-*", "openai:gpt-5"),
)


def test_a_key_is_made_for_what_the_options_say(control):
    made = json.loads(run("create", "ci", *NARROWED, "--expires", "30d", "--json").stdout)
    assert control.keys.authenticate(made["secret"]) == VirtualKey(made["id"], SCOPE)
    [line] = control.keys.list()
    lasts = datetime.fromisoformat(line.expires_at) - datetime.fromisoformat(line.created_at)
    assert abs(lasts - timedelta(days=30)) <= timedelta(seconds=60)


def test_a_key_is_shown_as_it_is(control):
    made = json.loads(run("create", "ci:smile:", *NARROWED, "--expires", "2099-12-31", "--json").stdout)
    json.loads(run("rotate", "ci:smile:", "--grace", "1h", "--json").stdout)
    for given in ("ci:smile:", made["id"]):
        told = dict(re.findall(r"^  (\w+(?: \w+)?) +(.*)$", run("show", given).stdout, re.MULTILINE))
        assert {name: value.strip() for name, value in told.items() if name not in {"made", "old secret"}} == {
            "id": made["id"],
            "state": "live",
            "last used": "never",
            "expires": "2100-01-01 00:00:00",
            "project": "/home/ada/web",
            "user": "ada",
            "team": "core team",
            "tags": "ci, a:smile:",
            "tiers": "plan, small",
            "models": "claude-haiku-*, openai:gpt-5",
        }
        assert "works until 20" in told["old secret"]
    assert run("show", made["id"]).stdout.startswith("ci:smile:\n")
    assert json.loads(run("show", "ci:smile:", "--json").stdout) == json.loads(run("list", "--json").stdout)[0]
    listed = run("list").stdout
    assert "ci:smile:" in listed
    assert "user ada; team core team; tags ci, a:smile:; tiers plan, small; models claude-haiku-*" in listed


def test_a_rotated_key_has_another_secret_shown_once(control):
    old = json.loads(run("create", "laptop", "--json").stdout)
    id_, secret, *words = run("rotate", "laptop").stdout.split()
    assert (id_, " ".join(words)) == (old["id"], "shown this once the old secret has ended")
    assert control.keys.authenticate(old["secret"]) is None
    assert control.keys.authenticate(secret).id == id_
    assert "the old secret works until 20" in run("rotate", old["id"], "--grace", "10m").stdout
    assert control.keys.authenticate(secret).id == id_


def test_when_a_key_ends_can_be_changed(control):
    made = json.loads(run("create", "laptop", "--json").stdout)
    assert run("expire", "laptop", "--at", "2099-12-31").stdout == f"{made['id']} expires 2100-01-01 00:00:00\n"
    assert run("expire", made["id"], "--never").stdout == f"{made['id']} never expires\n"
    assert json.loads(run("expire", "laptop", "--in", "1h", "--json").stdout)["expires_at"]
    assert run("create", "ci", "--expires", "2099-12-31").stdout.endswith("\nexpires 2100-01-01 00:00:00\n")


def test_a_name_means_its_live_key(control):
    first = json.loads(run("create", "laptop", "--json").stdout)
    run("revoke", "laptop")
    assert json.loads(run("show", "laptop", "--json").stdout)["id"] == first["id"]
    second = json.loads(run("create", "laptop", "--json").stdout)
    assert json.loads(run("show", "laptop", "--json").stdout)["id"] == second["id"]
    run("revoke", "laptop")
    result = run("show", "laptop")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"'laptop' means several virtual keys: {first['id']} (laptop, revoked) and {second['id']}" in result.stderr
    assert json.loads(run("show", first["id"], "--json").stdout)["id"] == first["id"]


@pytest.mark.parametrize("command", [["show"], ["rotate"], ["expire", "--never"], ["revoke"]])
def test_an_id_that_is_a_name_too_is_not_guessed_at(control, command):
    first = json.loads(run("create", "laptop", "--json").stdout)
    second = json.loads(run("create", first["id"], "--json").stdout)
    result = run(*command, first["id"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{first['id']} (laptop, live) and {second['id']} ({first['id']}, live)" in result.stderr
    assert "the id or the name that only one of them has" in result.stderr
    for made in (first, second):
        assert control.keys.authenticate(made["secret"]).id == made["id"]
    assert run(*command, second["id"]).exit_code == run(*command, "laptop").exit_code == 0


def offered(*arguments, incomplete=""):
    found = ShellComplete(main, {}, "companion", "_COMPANION_COMPLETE").get_completions(
        ["keys", *arguments], incomplete
    )
    return {item.value: item.help for item in found}


def test_ids_and_names_are_completed(control):
    made = {name: json.loads(run("create", name, "--json").stdout)["id"] for name in ("laptop", "lap two", "gone")}
    run("revoke", "gone")
    for command in ("show", "rotate", "expire", "revoke"):
        assert offered(command, incomplete="la") == {"laptop": made["laptop"]}
        assert offered(command, incomplete="key-") == {made[name]: name for name in ("laptop", "lap two")}
    assert "plan" in offered("create", "x", "--tier")


def test_without_a_daemon_nothing_is_completed_and_nothing_is_said(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    assert offered("revoke") == {}
    assert capfd.readouterr() == ("", "")
