"""Paths as agents spell them, against real folders."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.model.facts import PathFacts
from companion.model.policy import Policy
from companion.policy.ignore.lists import SECRETS
from companion.scan import expand
from companion.scan.paths import DiskPaths

POLICY = Policy()


@pytest.fixture
def ws(tmp_path):
    """A repository with a private folder, a git-ignored one, and links from outside and inside."""
    root = tmp_path / "ws"
    for path in ("src/a.py", "private/note.txt", "build/out.o", "sub/own/x", ".git/HEAD", "README.md", ".env"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / ".clineignore").write_text("private/\n# a comment\n*.secret\n")
    (root / ".gitignore").write_text("build/\n.env\n")
    (root / "sub" / ".companionignore").write_text("/own\n")
    (root / "link").symlink_to("private")
    (root / "src" / "note").symlink_to("../private/note.txt")
    (tmp_path / "elsewhere").mkdir()
    (root / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "ws-link").symlink_to("ws")
    return root


@pytest.fixture
def disk(tmp_path):
    return DiskPaths([tmp_path / "own"], home=str(tmp_path / "home"), environ={}, fold_case=False)


def matched(facts):
    return facts.ignored and (facts.ignored.source, facts.ignored.line, facts.ignored.denied)


IGNORED = [
    ("private/note.txt", (".clineignore", 1, True)),
    ("private", (".clineignore", 1, True)),
    ("new.secret", (".clineignore", 3, True)),
    ("sub/own/x", ("sub/.companionignore", 1, True)),
    ("build/out.o", (".gitignore", 1, False)),
    ("build/new/deep", (".gitignore", 1, False)),
    (".env", (SECRETS, 1, True)),
    ("sub/.env.local", (SECRETS, 2, True)),
    ("private-not", None),
    ("src/a.py", None),
    ("own", None),
    ("not/there/yet", None),
    (".", None),
    ("", None),
]


@pytest.mark.parametrize(("path", "expected"), IGNORED)
def test_which_rule_covers_a_path(disk, ws, path, expected):
    assert matched(disk.judge(path, str(ws), POLICY)) == expected


SPELLINGS = [
    "./{}",
    "././/{}",
    "src/../{}",
    "src//..//{}",
    "{ws}/{}",
    "{ws}/./src/../{}",
    "//{ws}/{}",
    "{parent}/ws-link/{}",
    "../ws/{}",
    "../ws-link/{}",
    "sub/own/../../{}",
    "nowhere/../{}",
    "out/../ws/{}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("workspace", ["ws", "ws-link"])
def test_an_ignored_path_is_ignored_whatever_its_spelling(disk, ws, spelling, workspace):
    spelt = spelling.replace("{ws}", str(ws)).replace("{parent}", str(ws.parent))
    for path, expected in IGNORED:
        facts = disk.judge(spelt.replace("{}", path), str(ws.parent / workspace), POLICY)
        if expected:
            assert facts.ignored
            assert facts.ignored.denied is expected[2]


@given(
    path=st.sampled_from([path for path, expected in IGNORED if expected and expected[2]]),
    steps=st.lists(st.sampled_from([".", "", "src/..", "sub/own/../..", "link/..", "../ws", "~nobody/.."]), max_size=6),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_detour_hides_a_denied_path(disk, ws, path, steps):
    detour = "./" + "/".join([*steps, path])
    facts = disk.judge(detour, str(ws), POLICY)
    assert facts.ignored
    assert facts.ignored.denied


@pytest.mark.parametrize("path", ["link/note.txt", "src/note", "link", "link/../private/note.txt", "src/../link/x"])
def test_links_are_followed(disk, ws, path):
    assert matched(disk.judge(path, str(ws), POLICY)) == (".clineignore", 1, True)


def test_a_name_that_is_ignored_stays_so_where_it_leads_to_an_open_file(disk, ws):
    (ws / "x.secret").symlink_to("README.md")
    for path in ("x.secret", f"{ws}/x.secret", f"/{ws}/x.secret", f"{ws.parent}/ws-link/x.secret"):
        for workspace in (ws, ws.parent / "ws-link"):
            facts = disk.judge(path, str(workspace), POLICY)
            assert facts.ignored, (path, workspace)
            assert facts.resolved == str(ws / "README.md")


def test_inside_is_where_the_path_leads(disk, ws):
    inside = {path: disk.judge(path, str(ws), POLICY).inside for path in ("src/a.py", ".", "new/x", "link/note.txt")}
    assert all(inside.values())
    outside = {
        path: disk.judge(path, str(ws), POLICY).inside for path in ("..", "out/x", "/etc/passwd", "~/x", "../ws2")
    }
    assert not any(outside.values())
    assert not disk.judge("src/a.py", "", POLICY).inside
    assert not disk.judge("src/a.py", "ws", POLICY).inside


def test_relative_paths_start_in_the_working_directory(disk, ws):
    assert disk.judge("own/x", str(ws), POLICY, cwd=str(ws / "sub")).ignored
    assert disk.judge("own/x", str(ws), POLICY, cwd="sub").ignored
    assert disk.judge("note.txt", str(ws), POLICY, cwd=str(ws / "link")).ignored
    assert not disk.judge("own/x", str(ws), POLICY).ignored


def test_facts_of_a_folder(disk, ws):
    facts = disk.judge("src", str(ws), POLICY)
    assert facts == PathFacts("src", str(ws / "src"), inside=True, is_dir=True)


def test_a_new_rule_counts_from_the_next_decision(disk, ws):
    assert not disk.judge("src/a.py", str(ws), POLICY).ignored
    (ws / "src" / ".companionignore").write_text("a.py\n")
    assert matched(disk.judge("src/a.py", str(ws), POLICY)) == ("src/.companionignore", 1, True)


def test_the_policy_names_the_deny_files(disk, ws):
    (ws / ".mine").write_text("src/\n")
    mine = replace(POLICY, ignore_files=(".mine",))
    assert matched(disk.judge("src/a.py", str(ws), mine)) == (".mine", 1, True)
    assert not disk.judge("private/note.txt", str(ws), mine).ignored


def test_one_deny_file_cannot_open_what_another_closes(disk, ws):
    (ws / ".companionignore").write_text("!private/\n!.env\n")
    assert disk.judge("private/note.txt", str(ws), POLICY).ignored
    assert disk.judge(".env", str(ws), POLICY).ignored


def test_rules_above_the_workspace_count_up_to_the_repository_s_top(disk, ws):
    facts = disk.judge("x.secret", str(ws / "src"), POLICY)
    assert matched(facts) == (str(ws / ".clineignore"), 3, True)


def test_a_workspace_that_an_outer_repository_leaves_out_keeps_its_own_rules(disk, ws):
    inner = ws / "build" / "inner"
    inner.mkdir()
    (inner / ".gitignore").write_text("*.o\n")
    assert not disk.judge("a.py", str(inner), POLICY).ignored
    assert matched(disk.judge("a.o", str(inner), POLICY)) == (".gitignore", 1, False)


def test_a_repository_inside_one_that_ignores_it_stands_for_itself(disk, ws, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*\n")
    for path in (".", "src", str(ws), "src/.."):
        assert disk.judge(path, str(ws), POLICY).ignored is None
    (ws / "docs").mkdir()
    (ws / "docs" / "x").touch()
    assert disk.judge_tree("docs", str(ws), POLICY).ignored is None


def test_another_repository_s_deny_files_hold_for_its_files(disk, ws, tmp_path):
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / ".clineignore").write_text("x\n")
    facts = disk.judge("../other/x", str(ws), POLICY)
    assert matched(facts) == (str(other / ".clineignore"), 1, True)


def test_folded_case(ws, tmp_path):
    folding = DiskPaths(home=str(tmp_path), environ={}, fold_case=True)
    assert folding.judge("PRIVATE/x", str(ws), POLICY).ignored
    assert folding.judge("x.ENV/.Env", str(ws), POLICY).ignored
    assert folding.judge(".ClineIgnore", str(ws), POLICY).privileged


ODD = ["a\0b", "x/" * 3000, "\ud800", "x" * 300, "/proc/self/cwd/.env"]


@pytest.mark.parametrize("path", ODD)
def test_odd_paths_have_facts(disk, ws, path):
    facts = disk.judge(path, str(ws), POLICY)
    assert facts.given == path
    assert facts.ignored or path == "x" * 300
    assert disk.judge_tree(path, str(ws), POLICY).given == path


@pytest.mark.parametrize("path", ["/proc/self/cwd", "/proc/self/root", "/dev/fd/3", "/proc/1/cwd/x"])
def test_what_is_another_file_for_each_process_lies_outside(disk, path):
    assert not disk.judge(path, "/", POLICY).inside


@given(path=st.text(max_size=30), workspace=st.text(max_size=10), cwd=st.text(max_size=10))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_raises(disk, path, workspace, cwd):
    assert disk.judge(path, workspace, POLICY, cwd=cwd).given == path


def test_links_in_a_circle_have_facts(disk, ws):
    (ws / "x").symlink_to("y")
    (ws / "y").symlink_to("x")
    assert disk.judge("x/z", str(ws), POLICY).given == "x/z"
    assert disk.judge_tree("x", str(ws), POLICY).ignored is None


PRIVILEGED = [
    (".git/hooks/pre-commit", "git"),
    (".clineignore", "never read"),
    ("sub/.companionignore", "never read"),
    (".companion.toml", "policy"),
    (".vscode/tasks.json", "editor"),
    ("{tmp}/own/companion.toml", "companion keeps"),
    ("~/.bashrc", "logs in"),
    ("~/.claude/settings.json", "agents"),
    ("hooks/pre-commit", "git"),
    ("src/a.py", ""),
    ("~/x", ""),
]


@pytest.mark.parametrize(("path", "said"), PRIVILEGED)
def test_privileged_paths_say_why(disk, ws, tmp_path, path, said):
    (ws / "hooks").symlink_to(".git/hooks")
    privileged = disk.judge(path.replace("{tmp}", str(tmp_path)), str(ws), POLICY).privileged
    assert said in privileged
    assert bool(privileged) is bool(said)


def test_a_workspace_below_an_agent_s_own_folder_is_a_workspace(disk, tmp_path):
    tree = tmp_path / "home" / ".codex" / "worktrees" / "w"
    tree.mkdir(parents=True)
    assert not disk.judge("src/a.py", str(tree), POLICY).privileged
    assert disk.judge(".codex/config.toml", str(tree), POLICY).privileged


def test_a_glob_stands_for_what_it_matches(disk, ws):
    (ws / "src" / "note").unlink()
    for name in ("a.txt", "b.secret"):
        (ws / "src" / name).touch()
    assert matched(disk.judge("src/*", str(ws), POLICY)) == (".clineignore", 3, True)
    assert matched(disk.judge("p*/note.txt", str(ws), POLICY)) == (".clineignore", 1, True)
    assert disk.judge("src/*.txt", str(ws), POLICY).ignored is None
    assert disk.judge("*/[b].*", str(ws), POLICY).resolved == str(ws / "src" / "b.secret")
    assert not disk.judge("../*", str(ws), POLICY).inside
    assert disk.judge(".git*", str(ws), POLICY).privileged


def test_a_glob_over_too_many_entries_counts_as_ignored(disk, ws, monkeypatch):
    monkeypatch.setattr(expand, "MOST_ENTRIES", 2)
    facts = disk.judge("*", str(ws), POLICY)
    assert matched(facts) == ("companion", 0, False)


def test_a_tree_is_ignored_when_a_file_in_it_is(disk, ws):
    (ws / "src" / "note").unlink()
    assert matched(disk.judge_tree("sub", str(ws), POLICY)) == ("sub/.companionignore", 1, True)
    assert disk.judge_tree("sub", str(ws), POLICY).is_dir
    (ws / "docs").mkdir()
    (ws / "docs" / "x").touch()
    assert disk.judge_tree("docs", str(ws), POLICY).ignored is None
    assert matched(disk.judge_tree("s*", str(ws), POLICY)) == ("sub/.companionignore", 1, True)
    assert matched(disk.judge_tree("private/note.txt", str(ws), POLICY)) == (".clineignore", 1, True)
    (ws / "build" / "key.pem").touch()
    assert matched(disk.judge_tree("build", str(ws), POLICY)) == (SECRETS, 17, True)


@pytest.mark.parametrize("name", ["a .env .js", "a\n.env\n.js", "'.env'.js", "x .e* y.js"])
def test_what_a_name_comes_apart_to_is_read_too(disk, ws, name):
    here = ws / "docs"
    (here / "in").mkdir(parents=True)
    for odd in (here / name, here / "in" / name, here / "b c.js", here / "in" / f"e {name}"):
        odd.touch()

    def ignored(path, judge=disk.judge):
        return judge(path, str(ws), POLICY, cwd=str(here)).ignored is not None

    assert not ignored("*.js")
    assert not ignored("in", disk.judge_tree)
    (here / ".env").touch()
    (here / ".env.js").touch()
    assert ignored("*.js")
    assert ignored("in", disk.judge_tree)
    assert not ignored("*c.js")


def test_a_reader_that_knows_git_passes_by_what_git_ignores(disk, ws, tmp_path):
    (ws / "src" / "note").unlink()
    (ws / "src" / ".env").touch()
    assert disk.judge_tree("src", str(ws), POLICY).ignored
    assert disk.judge_tree("src", str(ws), POLICY, knows_git=True).ignored is None
    (ws / "src" / "plain").symlink_to(".env")
    assert disk.judge_tree("src", str(ws), POLICY, knows_git=True).ignored
    assert disk.judge_tree("src", str(ws), POLICY, knows_git=True, follows_links=False).ignored is None
    (ws / "src" / "key.pem").touch()
    assert matched(disk.judge_tree("src", str(ws), POLICY, knows_git=True)) == (SECRETS, 17, True)
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / ".env").touch()
    (plain / ".gitignore").write_text(".env\n")
    assert disk.judge_tree(".", str(plain), POLICY, knows_git=True).ignored


def test_a_name_on_disk_that_looks_like_a_glob(disk, ws):
    (ws / "[ab]").mkdir()
    (ws / "[ab]" / "x.secret").touch()
    assert disk.judge("[ab]/x.secret", str(ws), POLICY).ignored
