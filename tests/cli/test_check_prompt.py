"""`companion check prompt`: what the gateway would do with a body, without doing it."""

from __future__ import annotations

import base64
import json

import pytest
from click.testing import CliRunner

from companion.cli import local_scan
from companion.cli.check_prompt import check_prompt
from companion.scan.secrets.rules import OwnRules
from tests.support.upstreams import upstream

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
PASSWORD = "k2J4h5G6f7D8"
PICTURE = base64.b64encode(b"\x89PNG\r\n" + bytes(range(256))).decode()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(local_scan, "default_engines", lambda _: [OwnRules()])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home" / "state").mkdir(parents=True)
    (tmp_path / "home" / "state" / "machine.key").write_bytes(b"k" * 32)
    return tmp_path


def run(body: object, *arguments: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CliRunner().invoke(check_prompt, ["-", *arguments], input=raw)


def prompt(*contents: object, **more: object) -> dict:
    return {"model": "m", "messages": [{"role": "user", "content": content} for content in contents], **more}


def test_what_is_clean_would_leave_as_it_is(home):
    result = run(prompt("hello"))
    assert (result.exit_code, "it would leave as it is" in result.stdout) == (0, True)
    assert run(prompt("hello"), "--body").stdout == json.dumps(prompt("hello"))


@pytest.mark.parametrize(
    "body",
    [
        prompt(f"my token is {TOKEN} ok"),
        {"model": "m", "input": f"my token is {TOKEN} ok"},
        prompt([{"type": "text", "text": f"my token is {TOKEN} ok"}], max_tokens=1, system="s"),
    ],
    ids=["chat", "responses", "messages"],
)
def test_a_finding_is_told_by_its_path_and_what_it_would_become(home, body):
    result = run(body)
    assert result.exit_code == 0
    assert "it would be amended" in result.stdout
    assert "- my token is •••••••• ok" in result.stdout
    assert "+ my token is SECRET_GITHUB_" in result.stdout
    told = json.loads(run(body, "--json").stdout)
    [one] = told["findings"]
    assert one["path"] in {"messages[0].content", "input", "messages[0].content[0].text"}
    assert told["body"] == json.dumps(body).replace(TOKEN, one["placeholder"])
    assert run(body, "--body").stdout == told["body"]


@pytest.mark.parametrize("flag", [[], ["--json"], ["--body"]], ids=str)
def test_law_no_output_tells_a_secret(home, flag):
    body = prompt(f"{TOKEN} {TOKEN}", {TOKEN: [f'password = "{PASSWORD}"', {TOKEN: TOKEN}]}, metadata={TOKEN: 1})
    result = run(body, *flag)
    assert result.exit_code == 0
    assert TOKEN not in result.output
    assert PASSWORD not in result.output


def test_a_policy_that_refuses_refuses_what_is_certain_alone(home):
    (home / ".companion.toml").write_text('[policy]\nsecrets = "deny"\n')
    result = run(prompt(f"my token is {TOKEN}"), "--workspace", str(home))
    assert (result.exit_code, "it would be refused" in result.stdout) == (1, True)
    assert "companion accept value SECRET_GITHUB_" in result.stdout
    assert run(prompt(f"my token is {TOKEN}"), "--workspace", str(home), "--body").stdout == ""
    result = run(prompt(f'password = "{PASSWORD}"'), "--workspace", str(home))
    assert (result.exit_code, "it would be amended" in result.stdout) == (0, True)


def test_a_picture_is_left_alone_and_said_to_be(home):
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
    body = prompt("x", [block], max_tokens=1, system="s")
    assert json.loads(run(body, "--json").stdout)["left_alone"] == ["messages[1].content[0].source.data"]
    assert "1 string that is no text left alone" in run(body).stdout


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a"', "cannot be read as JSON"),
        (b'{"a":1,"a":2}', "twice"),
        (b"[]", "not a JSON object"),
        (b'{"model":"m"}', "expected"),
        (b"\xff", "cannot be read"),
    ],
    ids=str,
)
def test_what_the_gateway_would_not_read_is_refused_with_its_words(home, body, why):
    result = run(body)
    assert (result.exit_code, why in result.stderr) == (1, True)


def test_a_file_that_is_not_there_and_two_outputs_at_once_are_refused(home):
    result = CliRunner().invoke(check_prompt, ["none.json"])
    assert (result.exit_code, "No such file" in result.stderr) == (1, True)
    assert run(prompt("x"), "--body", "--json").exit_code == 2


def test_nothing_is_sent(home):
    with upstream(lambda handler, body: None) as up:
        (home / "home" / "companion.toml").write_text(f'[upstreams.a]\nurl = "{up.url}"\n')
        assert run(prompt(TOKEN)).exit_code == 0
        assert up.requests == []
