"""`companion up`, `down` and `status`: what is started is told of once, and what is stopped has ended."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from attrs import evolve
from click.testing import CliRunner

from companion.cli import lifecycle, serve
from companion.cli.lifecycle import down, status, up
from companion.contract.types import AlertState, ClientSeen, LimitLine, NewKey, UpstreamLine

KEY = {"id": "key-1", "name": "up", "secret": "cmp-" + "s" * 43}
READY = {"gateway": "http://127.0.0.1:4141", "key": KEY}


def run(command, *arguments):
    return CliRunner().invoke(command, list(arguments))


def words(result) -> str:
    return " ".join(result.stdout.split())


class TestUp:
    @pytest.fixture
    def child(self, tmp_path, monkeypatch):
        """Puts a program in the daemon's place that says one line and ends; its arguments are kept."""
        started = []
        start = subprocess.Popen

        def popen(*arguments, **given):
            started.append(start(*arguments, **given))
            return started[-1]

        def child(said: object, code: int = 0):
            program, arguments = tmp_path / "python", tmp_path / "arguments"
            line = said if isinstance(said, str) else json.dumps(said)
            keep = f'for one in "$@"; do echo "$one"; done > {shlex.quote(str(arguments))}'
            program.write_text(f"#!/bin/sh\n{keep}\nprintf '%s\\n' {shlex.quote(line)}\nexit {code}\n")
            program.chmod(0o755)
            monkeypatch.setattr(sys, "executable", str(program))
            return arguments

        monkeypatch.setattr(subprocess, "Popen", popen)
        yield child
        # A daemon outlives the command, which therefore waits for none.
        for process in started:
            process.wait(10)

    def test_scripts_get_the_gateway_and_the_key(self, child):
        child(READY)
        result = run(up, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        assert json.loads(result.stdout) == {
            "gateway": READY["gateway"], "key_id": "key-1", "key": KEY["secret"],
        }  # fmt: skip

    def test_the_daemon_is_told_what_was_typed_and_keeps_the_folder_off_its_path(self, child):
        arguments = child(READY)
        run(up, "--json", "--port", "0", "--upstream", "http://127.0.0.1:9")
        isolated, *_, given = arguments.read_text().splitlines()
        assert isolated == "-P"
        assert json.loads(given) == {"gateway.port": 0, "upstream": "http://127.0.0.1:9"}
        run(up, "--json")
        assert json.loads(arguments.read_text().splitlines()[-1]) == {}

    @pytest.mark.parametrize(
        ("upstreams", "tiers", "following"),
        [
            ({}, {}, "no upstream is configured yet"),
            ({"a": "https://a"}, {"act": "a/big"}, "companion connect claude (or codex, or cline), then companion tui"),
            ({"a": "https://a"}, {"act": "a/*"}, "(or codex, or cline --model NAME)"),
        ],
    )
    def test_a_person_gets_the_key_once_and_the_next_step(self, child, control, upstreams, tiers, following):
        child(READY)
        control.status = evolve(control.status, upstreams=upstreams, tiers=tiers)
        result = run(up)
        assert result.exit_code == 0
        assert result.stdout.count(KEY["secret"]) == 1
        assert f"{READY['gateway']}/v1 for the OpenAI dialects" in result.stdout
        assert following in words(result)

    @pytest.mark.parametrize(
        ("url", "key", "told"),
        [("https://a", None, True), ("https://a", "k", False), ("http://127.0.0.1:9", None, False)],
    )
    def test_a_key_that_was_forgotten_is_told(self, child, control, monkeypatch, url, key, told):
        child(READY)
        monkeypatch.delenv("COMPANION_UPSTREAM_KEY", raising=False)
        if key:
            monkeypatch.setenv("COMPANION_UPSTREAM_KEY", key)
        control.status = evolve(control.status, upstreams={"default": url}, tiers={"act": "default/*"})
        assert ("without a key" in words(run(up, "--upstream", url))) == told
        assert "without a key" not in run(up, "--upstream", url, "--json").output

    def test_a_relative_home_is_the_same_one_in_the_daemon(self, child, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COMPANION_HOME", "h")
        monkeypatch.setenv("COMPANION_CACHE", "c")
        child(READY)
        program = tmp_path / "python"
        program.write_text(
            '#!/bin/sh\nprintf \'{"home": "%s", "cache": "%s"}\\n\' "$COMPANION_HOME" "$COMPANION_CACHE"\n'
        )
        assert lifecycle.start_daemon({}) == {"home": str(tmp_path / "h"), "cache": str(tmp_path / "c")}

    @pytest.mark.parametrize("code", [1, 2])
    def test_why_it_did_not_start_is_said_with_its_exit_code(self, child, code):
        child({"problem": "the port is taken", "next": "companion up --port 0", "exit": code})
        result = run(up)
        assert (result.exit_code, result.stdout) == (code, "")
        assert result.stderr == "companion: the port is taken\nnext: companion up --port 0\n"

    def test_a_daemon_that_says_nothing_is_looked_at_in_the_foreground(self, child):
        child("Segmentation fault", 139)
        result = run(up)
        assert result.exit_code == 1
        assert "exit code 139" in result.stderr
        assert result.stderr.endswith("next: companion up --foreground\n")

    def test_in_the_foreground_it_stays_and_its_exit_code_counts(self, monkeypatch):
        def stay(overrides, ready):
            ready("http://127.0.0.1:4141", NewKey(**KEY))
            assert overrides == {"gateway.port": 5, "upstream": None}
            return 7

        monkeypatch.setattr(serve, "serve", stay)
        monkeypatch.setattr(serve, "leave", sys.exit)
        result = run(up, "--foreground", "--port", "5", "--json")
        assert (result.exit_code, json.loads(result.stdout)["key"]) == (7, KEY["secret"])


class TestDown:
    @pytest.fixture
    def process(self, control):
        """Stands for the daemon's process; ends when the daemon is told to."""
        with subprocess.Popen(["sleep", "60"]) as sleeping:
            control.status = evolve(control.status, pid=sleeping.pid)

            def end() -> None:
                sleeping.terminate()
                sleeping.wait()

            control.when_shut_down = end
            yield sleeping
            sleeping.kill()

    def test_it_returns_when_the_daemon_has_ended(self, process):
        result = run(down)
        assert (result.exit_code, result.stdout) == (0, "companion is down\n")
        assert process.returncode is not None

    def test_without_a_daemon_what_was_asked_for_is_so(self, tmp_path, monkeypatch):
        monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
        assert (run(down).exit_code, run(down).stdout) == (0, "companion was not running\n")
        assert json.loads(run(down, "--json").stdout) == {"was_running": False}

    def test_a_daemon_that_takes_too_long_is_named(self, control, process, monkeypatch):
        monkeypatch.setattr(lifecycle, "_STOP_SECONDS", 0.05)
        control.when_shut_down = lambda: None
        result = run(down, "--json")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"process {process.pid} has not ended yet" in result.stderr
        assert result.stderr.endswith("next: companion status\n")

    def test_a_process_that_is_gone_already_is_no_error(self, control):
        ended = subprocess.Popen(["true"])
        ended.wait()
        control.status = evolve(control.status, pid=ended.pid)
        assert json.loads(run(down, "--json").stdout) == {"was_running": True}

    @pytest.mark.skipif(sys.platform == "win32", reason="processes that are over and still listed")
    def test_a_process_that_nobody_has_asked_after_has_ended(self, control, monkeypatch):
        monkeypatch.setattr(lifecycle, "_STOP_SECONDS", 10.0)
        with subprocess.Popen(["true"]) as over:
            control.status = evolve(control.status, pid=over.pid)
            assert json.loads(run(down, "--json").stdout) == {"was_running": True}


class TestStatus:
    def test_json_is_the_wire_type(self, control):
        control.opens("rm x")
        found = json.loads(run(status, "--json").stdout)
        assert (found["gateway"], found["pending"], found["budget_day_pd"]) == (control.status.gateway, 1, None)

    def test_a_person_reads_how_it_stands(self, control):
        control.status = evolve(
            control.status,
            spent_today_pd=1_250_000_000_000,
            budget_day_pd=10 * 10**12,
            exchanges_today=3,
            unpriced_today=1,
            clients=[ClientSeen("cline", "t", 2), ClientSeen("codex", "t", 1)],
            engines={"regex": "1.0", "kingfisher": "missing: no wheel"},
        )
        control.opens("rm x")
        shown = words(run(status))
        for said in (
            f"companion 1.2.3 is up, process {control.status.pid}",
            "gateway http://127.0.0.1:4141",
            "plan one/big",
            "act one/*",
            "today $1.25 of $10.00, 3 calls, 1 unpriced",
            "approvals 1 waiting: companion pending",
            "agents cline (2), codex (1)",
            "secrets regex: 1.0",
            "secrets kingfisher: missing: no wheel",
        ):
            assert said in shown

    def test_what_is_not_there_yet_comes_with_the_next_step(self, control):
        control.status = evolve(control.status, tiers={}, upstreams={})
        shown = words(run(status))
        assert "tiers none: no upstream is configured (companion up --upstream URL)" in shown
        assert "approvals nothing waits" in shown
        assert "none seen yet: companion connect claude" in shown

    def test_an_upstream_that_rests_is_shown_with_why_and_since_when(self, control, live_in):
        live_in("UTC")
        row, began = "5 failures in a row, the last: 529", "2026-06-01T14:00:05+02:00"
        control.status = evolve(
            control.status,
            resting=[
                UpstreamLine("one", "big[1m]", "open", 12, row, began),
                UpstreamLine("two", "m", "half-open", 0),
            ],
        )
        shown = words(run(status))
        assert f"upstream one/big[1m] is open since 2026-06-01 12:00:05: {row}; asked again in 12 s" in shown
        assert "upstream two/m is half-open; the next call finds out" in shown

    def test_a_limit_is_shown_with_what_is_used_of_it_and_who_waits_first(self, control):
        control.status = evolve(
            control.status,
            waiting=2,
            limits=[
                LimitLine("global", "all", "tokens_per_minute", 80_000, 80_000, 20_000, 0),
                LimitLine("client", "a\x1b[b]", "requests_per_minute", 60, 6, 5, 0),
                LimitLine("model", "opus", "parallel", 1, 1, 1, 2),
                LimitLine("user", "", "per_fortnight", 1_000, 0, 0, 0),
            ],
        )
        assert [line.strip() for line in run(status).stdout.splitlines() if " limit" in line] == [
            "limit      100 % of 1 call at a time for model opus: 1 of 1 at once, 2 calls waiting",
            "limit      83 % of 60 requests a minute for client a<U+001B>[b]: 5 of 6 at once",
            "limit      25 % of 80,000 tokens a minute: 20,000 of 80,000 at once",
            "limit      0 % of 1,000 per_fortnight for user unknown: 0 of 0 at once",
            "limits     2 calls waiting for a turn",
        ]
        assert json.loads(run(status, "--json").stdout)["limits"][2]["waiting"] == 2

    def test_of_many_limits_those_that_press_are_shown(self, control):
        many = [LimitLine("client", f"c{number}", "parallel", 100, 100, number, 0) for number in range(30)]
        control.status = evolve(control.status, limits=many, limits_left_out=7)
        shown = [line.strip() for line in run(status).stdout.splitlines() if " limit" in line]
        assert len(shown) == 21
        assert "client c29:" in shown[0]
        assert "client c10:" in shown[19]
        assert shown[20] == "and 17 more limits, less used: companion status --json"

    def test_without_limits_nothing_is_said_of_them(self, control):
        assert "limit" not in run(status).stdout

    def test_an_alert_is_shown_as_it_is_with_what_to_do(self, control):
        control.status = evolve(
            control.status, alerts=[AlertState("slow[model=a/b]", "page", "t", "it [b]is[/b] slow", "wait")]
        )
        shown = run(status).stdout
        assert "! slow[model=a/b]: it [b]is[/b] slow\n      wait" in shown
