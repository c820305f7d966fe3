"""Connecting and disconnecting: settings, backup and virtual key stay in step, and nothing of the user's is lost."""

import json
import os
import shutil
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.cli.agents import connecting
from companion.cli.agents.connecting import connect
from companion.cli.agents.disconnecting import disconnect
from companion.cli.agents.errors import Impossible
from companion.cli.agents.ground import Choice, Surroundings
from companion.cli.agents.known import AGENTS
from companion.cli.agents.record import connected
from companion.contract.types import Status
from tests.cli.agents.fake_daemon import OPEN

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
SECRET = "cmp-" + "0" * 43

SETTINGS = {
    "cline": ".cline/data/settings/providers.json",
    "claude": ".claude/settings.json",
    "codex": ".codex/config.toml",
}

RICH = {
    "cline": json.dumps(
        {
            "version": 1,
            "lastUsedProvider": "anthropic",
            "modes": {},
            "providers": {
                "anthropic": {"settings": {"provider": "anthropic", "apiKey": "sk-ant-0123456789abcdef0123"}},
                "openai-compatible": {
                    "settings": {"provider": "openai-compatible", "baseUrl": "https://x.test/v1", "model": "mine"},
                    "updatedAt": "2026-01-01T00:00:00.000Z",
                    "tokenSource": "manual",
                },
            },
        },
        indent=2,
    ),
    "claude": """{
\t"permissions": {"allow": ["Bash(ls:*)"]},
\t"env": {"ANTHROPIC_CUSTOM_HEADERS": "x-a: b", "FOO": "1"},
\t"model": "opus"
}""",
    "codex": """# mine
model = "gpt-5.4" # best
model_provider = 'other'

[model_providers.other]
name = "Other"

[projects."/p"]
trust_level = "trusted"
""",
}

BROKEN = {"cline": '{"version": 1,\n}', "claude": '{"env": }', "codex": "model = \n"}

every_agent = pytest.mark.parametrize("name", list(AGENTS))


def file_of(around, name):
    return around.home / SETTINGS[name]


def write(path: Path, content: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    path.chmod(mode)
    os.utime(path, ns=(1_700_000_000_000_000_000,) * 2)
    return path


def do(name, around, client, **choice):
    return connect(AGENTS[name], around, client, Choice(**choice), NOW)


def undo(name, around, client):
    return disconnect(AGENTS[name], around, client)


def tree(folder):
    return {
        path.relative_to(folder): (path.read_bytes() if path.is_file() else None, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


@every_agent
@pytest.mark.parametrize("content", [None, "", "\n", "{}", "rich"])
def test_what_was_there_comes_back(around, daemon, client, name, content):
    path = file_of(around, name)
    if content is not None:
        write(path, RICH[name] if content == "rich" else content.replace("{}", "" if name == "codex" else "{}"))
    before, stat = tree(around.home), path.stat() if path.exists() else None
    report = do(name, around, client)
    assert report.changed
    assert report.key_made
    assert SECRET in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    back = undo(name, around, client)
    assert back.exact
    assert back.key_revoked
    assert tree(around.home) == before
    if stat is not None:
        assert path.stat().st_mtime_ns == stat.st_mtime_ns
    assert daemon.live == []
    assert connected(around.places) == []
    assert not (around.places.backups / name).exists()
    assert undo(name, around, client).changed is False


@every_agent
def test_twice_is_once(around, daemon, client, name):
    path = write(file_of(around, name), RICH[name])
    do(name, around, client)
    before, manifest = path.read_bytes(), tree(around.places.backups)
    again = do(name, around, client)
    assert (again.changed, again.key_made, again.diff, again.key_id) == (False, False, "", "key-0")
    assert path.read_bytes() == before
    assert tree(around.places.backups) == manifest
    assert daemon.live == [name]


@every_agent
def test_no_key_and_no_secret_is_kept_or_shown(around, client, name):
    write(file_of(around, name), RICH[name])
    report = do(name, around, client)
    assert SECRET not in report.diff
    assert "cmp-…0000" in report.diff
    assert "0123456789abcdef" not in report.diff
    kept = around.places.backups / name
    assert all(SECRET.encode() not in path.read_bytes() for path in kept.iterdir())
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    assert kept.stat().st_mode & 0o777 == 0o700


@every_agent
def test_a_dry_run_changes_nothing(around, daemon, client, name):
    write(file_of(around, name), RICH[name])
    before = tree(around.home)
    report = do(name, around, client, dry_run=True)
    assert report.changed
    assert "cmp-… made by companion connect" in report.diff
    assert tree(around.home) == before
    assert daemon.keys == {}
    assert not around.places.backups.exists()


@every_agent
def test_settings_that_cannot_be_read_are_left_alone(around, daemon, client, name):
    path = write(file_of(around, name), BROKEN[name])
    before = tree(around.home)
    with pytest.raises(Impossible, match=f"{path.name}:[12]") as caught:
        do(name, around, client)
    assert caught.value.next.startswith(f"mend {path}")
    assert tree(around.home) == before
    assert daemon.keys == {}


@every_agent
def test_a_symbolic_link_is_followed_and_stays(around, client, name):
    real = write(around.home / "dotfiles" / "settings", RICH[name])
    link = file_of(around, name)
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    report = do(name, around, client)
    assert (report.linked_from, report.settings) == (str(link), str(real))
    assert link.is_symlink()
    assert SECRET in real.read_text()
    undo(name, around, client)
    assert link.is_symlink()
    assert real.read_text() == RICH[name]


@every_agent
def test_a_file_that_is_protected_is_left_alone(around, daemon, client, name):
    path = write(file_of(around, name), RICH[name], 0o444)
    with pytest.raises(Impossible, match="read-only") as caught:
        do(name, around, client)
    assert caught.value.next == f"chmod u+w {path}"
    assert path.read_text() == RICH[name]
    assert daemon.keys == {}


@every_agent
def test_a_folder_that_is_read_only(around, daemon, client, name, monkeypatch):
    path = write(file_of(around, name), RICH[name])
    monkeypatch.setattr("companion.cli.agents.settings.os.access", lambda folder, mode: folder != path.parent)
    with pytest.raises(Impossible, match=f"the folder {path.parent} is read-only"):
        do(name, around, client)
    assert daemon.keys == {}


@every_agent
def test_a_failed_write_leaves_no_key_and_no_backup(around, daemon, client, name, monkeypatch):
    write(file_of(around, name), RICH[name])
    before = tree(around.home)

    def full(*_):
        raise Impossible("the disk is full")

    monkeypatch.setattr(connecting, "put_in_place", full)
    with pytest.raises(Impossible, match="full"):
        do(name, around, client)
    assert tree(around.home) == before
    assert daemon.live == []
    assert connected(around.places) == []


def test_a_folder_that_is_a_file(around, client):
    write(around.home / ".codex", "x")
    with pytest.raises(Impossible):
        do("codex", around, client)


@every_agent
def test_settings_that_lead_elsewhere_are_refused(around, client, name, tmp_path):
    do(name, around, client)
    with pytest.raises(Impossible, match="connected already") as caught:
        do(name, around, client, folder=tmp_path / "other")
    assert caught.value.next == f"companion disconnect {name}"


CHANGED = {
    "cline": (
        lambda d: d["providers"].update(new={"settings": {"provider": "new"}}),
        lambda d: d["providers"]["new"] == {"settings": {"provider": "new"}},
    ),
    "claude": (lambda d: d["env"].update(BAR="2"), lambda d: d["env"]["BAR"] == "2"),
}


@pytest.mark.parametrize("name", list(CHANGED))
@pytest.mark.parametrize("content", [None, "rich"])
def test_what_the_user_changed_since_stays(around, daemon, client, name, content):
    path = file_of(around, name)
    if content:
        write(path, RICH[name])
    do(name, around, client)
    change, holds = CHANGED[name]
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=4))
    report = undo(name, around, client)
    found = json.loads(path.read_text())
    assert holds(found)
    assert not report.exact
    assert "companion" not in path.read_text()
    assert SECRET not in path.read_text()
    expected = json.loads(RICH[name] if content else AGENTS[name].SKELETON)
    if name == "claude":
        expected.setdefault("env", {})
    change(expected)
    assert found == expected
    assert daemon.live == []


def test_codex_keeps_comments_and_what_was_trusted_since(around, client):
    path = write(file_of(around, "codex"), RICH["codex"])
    do("codex", around, client)
    with path.open("a") as file:
        file.write('\n# since\n[projects."/q"]\ntrust_level = "trusted"\n')
    undo("codex", around, client)
    text = path.read_text()
    assert tomllib.loads(text) == tomllib.loads(RICH["codex"] + '[projects."/q"]\ntrust_level = "trusted"\n')
    assert "# mine" in text
    assert "# since" in text
    assert "companion" not in text


def test_entries_that_the_user_made_his_own_stay(around, client):
    path = file_of(around, "claude")
    do("claude", around, client)
    document = json.loads(path.read_text())
    document["env"]["ANTHROPIC_BASE_URL"] = "https://mine.test"
    document["env"]["ANTHROPIC_CUSTOM_HEADERS"] += "\nx-b: c"
    path.write_text(json.dumps(document))
    undo("claude", around, client)
    assert json.loads(path.read_text()) == {
        "env": {"ANTHROPIC_BASE_URL": "https://mine.test", "ANTHROPIC_CUSTOM_HEADERS": "x-b: c"}
    }


def test_cline_may_write_its_settings_anew(around, client):
    """Cline lays the file out anew at every run and writes the time into it."""
    for content in (RICH["cline"], json.dumps(json.loads(RICH["cline"]))):
        path = write(file_of(around, "cline"), content)
        do("cline", around, client)
        document = json.loads(path.read_text())
        document["providers"]["openai-compatible"]["updatedAt"] = "2027-01-01T00:00:00.000Z"
        path.write_text(json.dumps(document, indent=2))
        assert undo("cline", around, client).exact
        assert path.read_text() == content


@every_agent
def test_a_second_connect_keeps_what_changed_in_between(around, daemon, client, name):
    path = write(file_of(around, name), RICH[name])
    do(name, around, client)
    extra = '\n[tui]\ntheme = "x"\n'
    if name == "codex":
        path.write_text(path.read_text() + extra)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"theme": "x"}, indent=2))
    daemon.tiers = OPEN
    report = do(name, around, client)
    assert not report.key_made
    first = around.places.backups / name / "original"
    assert first.read_text() == RICH[name]
    undo(name, around, client)
    found = path.read_text()
    if name == "codex":
        assert tomllib.loads(found) == tomllib.loads(RICH[name] + extra)
    else:
        assert json.loads(found) == json.loads(RICH[name]) | {"theme": "x"}


@every_agent
def test_a_revoked_key_is_replaced(around, daemon, client, name):
    write(file_of(around, name), RICH[name])
    do(name, around, client)
    daemon.revoked.add("key-0")
    assert do(name, around, client).key_id == "key-1"
    assert daemon.live == [name]
    undo(name, around, client)
    assert file_of(around, name).read_text() == RICH[name]


@every_agent
def test_settings_that_were_put_back_by_hand_get_a_key_and_the_old_one_goes(around, daemon, client, name):
    path = write(file_of(around, name), RICH[name])
    do(name, around, client)
    path.write_text(RICH[name])
    assert do(name, around, client).key_made
    assert daemon.live == [f"{name}-2"]
    assert daemon.revoked == {"key-0"}


@every_agent
def test_settings_that_are_gone_come_back(around, client, name):
    path = write(file_of(around, name), RICH[name])
    do(name, around, client)
    path.unlink()
    assert undo(name, around, client).exact
    assert path.read_text() == RICH[name]


@every_agent
def test_without_a_daemon_the_key_stays_and_is_named(around, client, name):
    do(name, around, client)
    report = undo(name, around, None)
    assert not report.key_revoked
    assert "companion keys revoke key-0" in report.remarks[0]


@every_agent
def test_settings_that_were_broken_since_are_left_alone(around, daemon, client, name):
    path = write(file_of(around, name), RICH[name])
    do(name, around, client)
    path.write_text(BROKEN[name])
    with pytest.raises(Impossible, match="cannot be taken out"):
        undo(name, around, client)
    assert path.read_text() == BROKEN[name]
    assert daemon.live == [name]
    assert (around.places.backups / name / "original").read_text() == RICH[name]


def test_only_virtual_keys_are_tried(around, daemon, client):
    text = RICH["claude"].replace('"FOO": "1"', '"ANTHROPIC_AUTH_TOKEN": "sk-ant-provider-key-0123456789abcdef"')
    write(file_of(around, "claude"), text)
    do("claude", around, client)
    assert daemon.tried == []


def test_a_gateway_that_does_not_answer_is_no_reason_for_a_new_key(around, daemon, client):
    do("claude", around, client)
    daemon.gateway = "http://127.0.0.1:1"
    with pytest.raises(Impossible, match="does not answer"):
        do("claude", around, client)
    assert daemon.live == ["claude"]


def test_a_gateway_that_moved_keeps_its_keys(around, daemon, client):
    path = write(file_of(around, "codex"), RICH["codex"])
    do("codex", around, client)
    daemon.gateway = daemon.gateway.replace("127.0.0.1", "localhost")
    report = do("codex", around, client)
    assert (report.changed, report.key_made, report.key_id) == (True, False, "key-0")
    assert f"{daemon.gateway}/v1" in path.read_text()
    undo("codex", around, client)
    assert path.read_text() == RICH["codex"]


def test_a_key_of_the_same_name_is_left_alone(around, daemon, client):
    do("cline", around, client)
    undo("cline", around, None)
    assert do("cline", around, client).key_id == "key-1"
    assert daemon.live == ["cline", "cline-2"]


def test_a_damaged_manifest(around, client):
    do("claude", around, client)
    (around.places.backups / "claude" / "manifest.json").write_text("{")
    with pytest.raises(Impossible, match="damaged"):
        undo("claude", around, client)


@pytest.mark.parametrize("content", [b'\xef\xbb\xbf{"a": 1}', b'{"a": 1}\r\n', b"\xef\xbb\xbf"])
def test_marks_and_line_ends(around, client, content):
    path = file_of(around, "claude")
    path.parent.mkdir()
    path.write_bytes(content)
    do("claude", around, client)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") == content.startswith(b"\xef\xbb\xbf")
    undo("claude", around, client)
    assert path.read_bytes() == content


def test_bytes_that_are_no_text(around, client):
    path = file_of(around, "claude")
    path.parent.mkdir()
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(Impossible, match="byte 7 is not UTF-8"):
        do("claude", around, client)


KEYS = st.sampled_from(
    ["env", "model", "providers", "version", "lastUsedProvider", "openai-compatible", "settings", "a"]
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
JSON_TEXTS = st.builds(
    lambda value, indent: json.dumps(value, indent=indent),
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.sampled_from([None, 2, "\t"]),
)
CLINE_TEXTS = st.builds(
    lambda value, providers: json.dumps(value | {"version": 1, "providers": providers}, indent=2),
    st.dictionaries(KEYS, VALUES, max_size=3),
    st.dictionaries(KEYS, st.fixed_dictionaries({"settings": st.dictionaries(KEYS, VALUES)}), max_size=2),
)
PLAIN = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("ab\\\"'é\n", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
TOML_KEYS = st.sampled_from(["model", "model_provider", "model_providers", "companion", "profile", "a b"])
TOML_TEXTS = st.dictionaries(TOML_KEYS, PLAIN, max_size=4).map(tomlkit.dumps)


@pytest.mark.parametrize(
    ("name", "texts"), [("claude", JSON_TEXTS), ("cline", JSON_TEXTS | CLINE_TEXTS), ("codex", TOML_TEXTS)]
)
def test_disconnect_undoes_connect(around, client, name, texts):
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(text=texts, rewritten=st.booleans())
    def holds(text, rewritten):
        with tempfile.TemporaryDirectory(dir=around.home) as folder:
            here = Surroundings(around.places, around.environ, Path(folder))
            path = write(file_of(here, name), text)
            try:
                do(name, here, client, model="m")
            except Impossible:
                assert path.read_text() == text
                return
            once = path.read_bytes()
            assert not do(name, here, client, model="m").changed
            assert path.read_bytes() == once
            if rewritten and name != "codex":
                path.write_text(json.dumps(json.loads(once), indent=1))
            assert undo(name, here, client).exact
            assert path.read_bytes() == text.encode()

    holds()
    shutil.rmtree(around.places.backups, ignore_errors=True)


@pytest.mark.parametrize(
    ("agent", "url", "warned"),
    [
        ("codex", "https://api.anthropic.com", True),
        ("cline", "https://api.anthropic.com/v1", True),
        ("claude", "https://api.openai.com/v1", True),
        ("claude", "https://api.anthropic.com", False),
        ("codex", "https://api.openai.com", False),
        ("codex", "https://gateway.example.com", False),
    ],
)
def test_an_upstream_known_not_to_speak_the_agents_dialect_is_said(agent, url, warned):
    status = Status("1", "v1", 1, "", "", "http://127.0.0.1:4141", {"default": url}, {}, 0, 0, 0, 0)
    said = connecting.strangers(AGENTS[agent], status)
    assert bool(said) is warned
    assert all(url in line for line in said)
