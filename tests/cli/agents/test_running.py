"""Doctor's checks of the running daemon: each says what is, and what is not well names the next step."""

from __future__ import annotations

import pytest
from attrs import evolve

from companion import __version__
from companion.cli.agents.findings import State
from companion.cli.agents.running import check_alerts, check_daemon, check_engines, check_gateway, check_upstreams
from companion.contract.types import AlertState
from tests.cli.agents.fake_daemon import places_in


def states(findings):
    return [str(one.state) for one in findings]


def test_a_daemon_answers_on_both_sockets(around, daemon):
    found, status = check_daemon(around.places)
    assert states(found) == ["ok", "ok", "ok"]
    assert [one.said for one in found[:2]] == ["answers on the operator socket", "answers on the agent socket"]
    assert f"version {__version__}, process 1" in found[2].said
    assert status == daemon.status()


def test_no_daemon_is_one_finding_and_one_command(tmp_path):
    found, status = check_daemon(places_in(tmp_path))
    assert [(one.state, one.said, one.next) for one in found] == [(State.FAIL, "no daemon is running", "companion up")]
    assert status is None


def test_one_socket_that_is_missing_is_said_and_the_other_still_asked(around, daemon):
    aside = around.places.operator_socket.rename(around.places.run / "aside.sock")
    found, status = check_daemon(around.places)
    aside.rename(around.places.operator_socket)
    assert states(found) == ["fail", "ok", "ok"]
    assert found[0].said.startswith("operator socket: no daemon is running")
    assert status is not None


def test_a_daemon_of_another_version_is_to_be_started_anew(around, daemon):
    daemon.version = "0.0.0"
    found, _ = check_daemon(around.places)
    assert (states(found)[-1], found[-1].next) == ("warn", "companion down, then companion up")
    assert f"this command is {__version__}" in found[-1].said


def test_an_answer_that_cannot_be_read_is_no_crash(around, daemon, monkeypatch):
    monkeypatch.setattr(daemon, "status", lambda: {"version": 1})
    found, status = check_daemon(around.places)
    assert (states(found), status) == (["fail"], None)


@pytest.mark.parametrize(
    ("path", "state", "said"),
    [("", "ok", "answers"), ("/elsewhere", "fail", "another program may have the port")],
)
def test_the_gateway_is_asked_whether_it_lives(daemon, path, state, said):
    [finding] = check_gateway(evolve(daemon.status(), gateway=daemon.gateway + path))
    assert str(finding.state) == state
    assert said in finding.said


def test_a_gateway_where_nobody_listens(daemon):
    [finding] = check_gateway(evolve(daemon.status(), gateway="http://127.0.0.1:1"))
    assert (finding.state, "does not answer" in finding.said, bool(finding.next)) == (State.FAIL, True, True)


def test_any_answer_of_an_upstream_will_do_and_no_key_is_sent(daemon):
    found = list(check_upstreams({"up": f"{daemon.gateway}/v1/models", "gone": "http://127.0.0.1:1/v1"}))
    assert [(one.check, str(one.state)) for one in found] == [("upstream up", "ok"), ("upstream gone", "fail")]
    assert "401 to HEAD" in found[0].said
    assert found[1].next == "curl -sSI http://127.0.0.1:1/v1"
    assert daemon.tried == [""]


@pytest.mark.parametrize(
    "url",
    ["http://[", "http://[::1", "http://a:b", "http://\0", "http://xn--a", f"http://{'a' * 70}.x", "ftp://x", "x", ""],
)
def test_an_upstream_whose_url_is_none_is_said_to_stand_wrong_in_the_configuration(url):
    [finding] = check_upstreams({"up": url})
    assert (finding.check, finding.state, finding.next) == ("upstream up", State.FAIL, "companion config check")
    assert "its url" in finding.said


def test_without_an_upstream_it_says_how_to_name_one():
    [finding] = check_upstreams({})
    assert (finding.state, finding.next.split(", then ")[0]) == (State.WARN, "companion down")
    [finding] = check_upstreams({}, running=False)
    assert (finding.state, finding.next.startswith("companion up --upstream ")) == (State.WARN, True)


@pytest.mark.parametrize(
    ("engines", "expected"),
    [
        ({"a": "1.0", "b": "2.0"}, ["ok", "ok"]),
        ({"a": "1.0", "b": "missing: no wheel"}, ["ok", "warn"]),
        ({"b": "missing: no wheel"}, ["warn", "fail"]),
        ({}, ["fail"]),
    ],
)
def test_one_engine_at_least_looks_for_secrets(daemon, engines, expected):
    assert states(check_engines(evolve(daemon.status(), engines=engines))) == expected


def test_an_alert_is_as_bad_as_its_severity_and_says_what_to_do(daemon):
    alerts = [AlertState(one, one, "t", f"{one} is so", f"do {one}") for one in ("page", "warn", "info")]
    found = list(check_alerts(evolve(daemon.status(), alerts=alerts)))
    assert [(str(one.state), one.said, one.next) for one in found] == [
        ("fail", "page: page is so", "do page"),
        ("warn", "warn: warn is so", "do warn"),
        ("warn", "info: info is so", "do info"),
    ]
    assert states(check_alerts(daemon.status())) == ["ok"]


def test_what_is_not_in_force_of_the_users_own_files_is_said_with_its_own_next_step(daemon):
    engines = {"rules": "1", "your rules, bad": "missing: not in force: no regular expression"}
    found = list(check_engines(evolve(daemon.status(), engines=engines)))
    assert [(one.state, one.next) for one in found] == [("ok", ""), ("warn", "companion config check")]
