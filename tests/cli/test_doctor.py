"""`companion doctor`: every check says what is and what to do next."""

import json
import sys

import pytest
from click.testing import CliRunner

from companion.cli.connect import connect
from companion.cli.doctor import doctor
from companion.contract.types import AlertState


@pytest.fixture
def home(home, monkeypatch):
    monkeypatch.setenv("PATH", str(home / "bin"))
    return home


@pytest.fixture
def daemon(daemon):
    daemon.upstreams = {"up": daemon.gateway}
    return daemon


def examine(*arguments):
    result = CliRunner().invoke(doctor, [*arguments, "--json"])
    answer = json.loads(result.stdout)
    assert result.exit_code == (0 if answer["ok"] else 1)
    return answer["checks"]


def of(checks, name):
    return [(one["state"], one["said"]) for one in checks if one["check"] == name]


def failures(checks):
    return [one for one in checks if one["state"] == "fail"]


def test_all_is_well(daemon):
    checks = examine()
    assert failures(checks) == []
    assert {one["check"] for one in checks} >= {
        "platform", "folders", "configuration", "daemon", "ledger", "gateway", "upstream up", "secrets", "alerts",
    }  # fmt: skip


def test_it_works_without_a_daemon(home):
    (home.parent / "c" / "companion.toml").write_text('[upstreams.up]\nurl = "http://127.0.0.1:1"\n')
    checks = examine()
    assert [one["check"] for one in failures(checks)] == ["daemon", "upstream up"]
    assert failures(checks)[0]["next"] == "companion up"


def test_everything_that_fails_has_a_next_step(home, daemon):
    folder = home.parent / "c"
    (folder / "companion.toml").write_text("[gateway]\nport = 'x'\nhots = 1\n")
    (folder / "companion.toml").chmod(0o666)
    (folder / "state").mkdir(mode=0o700)
    (folder / "state" / "machine.key").write_bytes(b"x")
    (folder / "state" / "machine.key").chmod(0o644)
    (folder / "run").chmod(0o755)
    daemon.upstreams = {"gone": "http://127.0.0.1:1"}
    daemon.engines = {"kingfisher": "missing: no wheel", "regex": "1"}
    daemon.alerts = [
        AlertState("ledger-late", "page", "t", "the ledger is late", "make room"),
        AlertState("slow", "warn", "t", "it is slow", "wait"),
    ]
    daemon.version = "0.0.0"
    checks = examine()
    assert all(one["next"] for one in checks if one["state"] != "ok")
    assert len(of(checks, "configuration")) == 2
    wrong = "\n".join(one["said"] for one in failures(checks))
    for word in ("others may change", "machine.key (mode 0644)", "run (mode 0755)", "cannot be reached", "ledger-late"):
        assert word in wrong
    warned = "\n".join(one["said"] for one in checks if one["state"] == "warn")
    for word in ("version 0.0.0", "kingfisher is missing: no wheel", "slow: it is slow"):
        assert word in warned


def test_a_gateway_that_does_not_answer(daemon):
    daemon.upstreams = {}
    daemon.gateway, kept = "http://127.0.0.1:1", daemon.gateway
    assert of(examine(), "gateway")[0][0] == "fail"
    daemon.gateway = f"{kept}/v1/elsewhere"
    assert "another program may have the port" in of(examine(), "gateway")[0][1]


def test_agents(home, daemon):
    CliRunner().invoke(connect, ["codex"])
    states = [state for state, _ in of(examine(), "codex")]
    assert states == ["ok", "warn", "warn", "warn"]


def test_an_agent_is_run_to_prove_it(home, daemon):
    CliRunner().invoke(connect, ["codex"])
    program = home / "bin" / "codex"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys\nprint('Error: ' + sys.argv[1])")
    program.chmod(0o755)
    last = examine("--agent", "codex")[-1]
    assert last["state"] == "fail"
    assert "no call of it arrived. It said: Error: exec" in last["said"]


def test_an_agent_that_is_not_connected(home, daemon):
    found = failures(examine("--agent", "cline"))
    assert [one["next"] for one in found] == ["companion connect cline"] * 2
    assert "it was not run" in found[1]["said"]


def test_as_text(home, daemon):
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[:3] == ["ok", "platform", "companion"]
    assert result.stdout.splitlines()[-1].endswith("0 failed")


def test_a_proof_needs_a_daemon(home):
    assert failures(examine("--agent", "cline"))[-1]["next"] == "companion up"
