"""What comes of a tool is cut by the paths that its call or its lines name; on a real disk."""

import json

import pytest
from msgspec import Struct

from companion.edges.gateway.history import calls_in
from companion.edges.gateway.prompt import read_prompt
from companion.gatekeeper.facts import examine_command
from companion.gatekeeper.ports import Unexamined
from companion.gatekeeper.results import Results
from companion.model.action import ShellCommand
from companion.model.exchange import Origin
from companion.model.policy import IgnoredAction, Policy
from companion.model.verdict import Ask, Deny
from companion.policy.guards.excerpts import placeholder
from companion.policy.guards.ignored import ignored
from companion.scan.paths import DiskPaths
from tests.support.ignored import put


class Lab(Struct):
    results: Results
    workspace: str

    def left(self, name, arguments, content, policy=Policy(), before=()):
        """What is left of the result of a call, each text."""
        block = {"type": "tool_use", "id": "i", "name": name, "input": arguments}
        calls = {call.id: call for call in (*before, *calls_in(block))}
        result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i", "content": content}]}
        part = next(part for part in read_prompt(json.dumps({"messages": [result]}).encode()).parts if part.results())
        texts = list(part.texts())
        for cut in reversed(self.results.cuts(part, calls, self.workspace, policy)):
            text = texts[cut.text]
            texts[cut.text] = text[: cut.start] + placeholder(cut) + text[cut.end :]
        return "\n".join(texts[number] for number in part.results()[0].texts)


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "ws"
    put(folder / ".git" / "HEAD", "ref: refs/heads/main\n")
    put(folder / ".companionignore", "private/\n")
    put(folder / ".gitignore", "built/\n")
    for name in ("private/k", "built/b.txt", "src/a.py", "src/sub/c.py"):
        put(folder / name, "x\n")
    return Lab(Results(DiskPaths(home=str(tmp_path)), str(tmp_path)), str(folder))


FOUND = "src/a.py:1:open\nprivate/k:1:HUSH\nbuilt/b.txt:1:HUSH\n"
SEARCHES = [
    ("Grep", {"pattern": "x"}, FOUND),
    ("Bash", {"command": "grep -rn x ."}, FOUND.replace("\n", "\n./").removesuffix("./")),
    ("Bash", {"command": "cd src && rg x .."}, "a.py:1:open\n../private/k:1:HUSH\n../built/b.txt:1:HUSH\n"),
    ("Grep", {"pattern": "x", "path": "src"}, "src/a.py:1:open\n../private/k:1:HUSH\n"),
    ("exec_command", {"cmd": "rg x", "workdir": "src"}, "a.py:1:open\n../private/k:1:HUSH\n"),
]


@pytest.mark.parametrize(("name", "arguments", "content"), SEARCHES)
def test_a_search_comes_back_without_lines_of_ignored_files(lab, name, arguments, content):
    left = lab.left(name, arguments, content)
    assert "HUSH" not in left
    assert "open" in left
    assert ".companionignore:1: private/" in left


def test_under_ask_a_person_has_said_what_of_git_s_may_leave(lab):
    left = lab.left("Grep", {"pattern": "x"}, FOUND, Policy(gitignored=IgnoredAction.ASK))
    assert "built/b.txt:1:HUSH" in left
    assert "private/k:1:HUSH" not in left


WHOLE = [
    ("Read", {"file_path": "private/k"}),
    ("Read", {"file_path": "built/b.txt"}),
    ("Bash", {"command": "cat built/b.txt"}),
    ("Bash", {"command": "head -3 private/k | tr a b"}),
    ("Grep", {"pattern": "x", "path": "private/k"}),
    ("Edit", {"file_path": "private/k", "old_string": "a", "new_string": "b"}),
    ("mcp_reader", {"where": "private/k"}),
]


@pytest.mark.parametrize(("name", "arguments"), WHOLE)
def test_what_is_read_of_an_ignored_file_goes_however_short_it_is(lab, name, arguments):
    assert lab.left(name, arguments, "HUSH").startswith("(companion left out this result")
    blocks = [{"type": "text", "text": "HUSH"}, {"type": "text", "text": "HUSH2"}]
    assert "HUSH" not in lab.left(name, arguments, blocks)


STAY = [
    ("Read", {"file_path": "src/a.py"}),
    ("Bash", {"command": "cat src/a.py"}),
    ("Bash", {"command": "ls private"}),
    ("Edit", {"file_path": "built/b.txt", "old_string": "a", "new_string": "b"}),
    ("Agent", {"prompt": "look at private/k"}),
    ("Grep", {"pattern": "x", "path": "src/a.py"}),
    ("Bash", {"command": "grep -n x src/a.py"}),
    ("Bash", {"command": "grep -rn x src/a.py | head"}),
    ("Bash", {"command": "cd src && rg -n x a.py"}),
    ("mcp_reader", {"where": "src/a.py"}),
    ("Read", {}),
]


@pytest.mark.parametrize(("name", "arguments"), STAY)
def test_everything_else_stays_as_it_is(lab, name, arguments):
    said = "12:open\nprivate/k: 1 open\n"
    assert lab.left(name, arguments, said) == said


def test_of_several_files_only_the_ignored_one_s_text_goes(lab):
    content = json.dumps([{"query": "src/a.py", "result": "open"}, {"query": "built/b.txt", "result": "HUSH"}])
    left = lab.left("read_files", {"files": [{"path": "src/a.py"}, {"path": "built/b.txt"}]}, content)
    assert [("open" in one["result"], "HUSH" in one["result"]) for one in json.loads(left)] == [
        (True, False),
        (False, False),
    ]
    assert "HUSH" not in lab.left("read_files", {"files": ["src/a.py", "built/b.txt"]}, "src open\nHUSH")


def test_a_list_keeps_the_names_of_what_git_ignores_and_no_others(lab):
    left = lab.left("list_files", {"path": "."}, "src/a.py\nprivate/k\nbuilt/b.txt\n")
    assert "private/k" not in left
    assert "built/b.txt" in left


def test_lines_that_nobody_can_place_go_where_ignored_files_lie(lab, tmp_path):
    # As after a `cd` that only the agent's shell knows of.
    assert "HUSH" not in lab.left("Grep", {"pattern": "x"}, "k:1:HUSH\n")
    plain = Lab(lab.results, str(tmp_path / "ws" / "src"))
    assert plain.left("Grep", {"pattern": "x"}, "k:1:HUSH\n") == "k:1:HUSH\n"


def test_the_rest_of_a_search_that_another_tool_brings_is_cut_too(lab):
    begun = calls_in({"type": "function_call", "call_id": "b", "name": "exec_command", "arguments": '{"cmd":"rg x"}'})
    assert "HUSH" not in lab.left("write_stdin", {"session_id": 1, "chars": ""}, FOUND, before=begun)
    assert lab.left("write_stdin", {"session_id": 1, "chars": ""}, FOUND) == FOUND


def test_a_picture_of_an_ignored_file_stops_the_call(lab):
    picture = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]
    with pytest.raises(Unexamined, match="nobody can cut"):
        lab.left("Read", {"file_path": "built/b.txt"}, picture)


def test_a_mention_is_cut_wherever_it_stands(lab):
    said = f'<file_content path="{lab.workspace}/private/k">\nHUSH\n</file_content>'
    part = read_prompt(json.dumps({"messages": [{"role": "user", "content": said}]}).encode()).parts[0]
    assert lab.results.may_cut(part)
    [cut] = lab.results.cuts(part, {}, lab.workspace, Policy())
    assert "HUSH" in part.texts()[cut.text][cut.start : cut.end]
    answer = read_prompt(json.dumps({"messages": [{"role": "assistant", "content": said}]}).encode()).parts[0]
    assert not lab.results.may_cut(answer)


@pytest.fixture
def repository(tmp_path):
    """Without a deny list: only git's rules, one of them in a folder below."""
    folder = tmp_path / "ws"
    put(folder / ".git" / "HEAD", "ref: refs/heads/main\n")
    put(folder / "b" / ".gitignore", "secret.txt\nconfig.yml\n")
    for name in ("b/secret.txt", "b/config.yml", "config.yml", "b/open.py", "01-intro.md", "(auth)/page.ts"):
        put(folder / name, "x\n")
    return Lab(Results(DiskPaths(home=str(tmp_path)), str(tmp_path)), str(folder))


def bash(command, number=0):
    return calls_in({"type": "tool_use", "id": f"b{number}", "name": "Bash", "input": {"command": command}})


def test_a_shell_that_an_earlier_command_moved_is_followed(repository):
    said = "./secret.txt:1:HUSH\n./config.yml:1:HUSH\n./open.py:1:open\n"
    left = repository.left("Bash", {"command": "grep -rn e ."}, said, before=bash("cd b && make"))
    assert "HUSH" not in left
    assert "open.py:1:open" in left
    # Nobody said where it went.
    for unknown in ("cd $(cat where)", "cd $X", "pushd *"):
        assert "HUSH" not in repository.left("Bash", {"command": "grep -rn e ."}, said, before=bash(unknown))


def test_what_git_ignores_is_found_by_programs_that_do_not_ask_git(repository):
    assert "HUSH" not in repository.left("Bash", {"command": "grep -rn e ."}, "./secret.txt:1:HUSH\n")
    assert "HUSH" not in repository.left("Bash", {"command": "rg -uu e"}, "secret.txt:1:HUSH\n")


def test_a_home_in_a_command_is_the_user_s(repository):
    left = repository.left("Bash", {"command": "cd ~/ws/b && grep -rn e ."}, "./config.yml:1:HUSH\n./open.py:1:open\n")
    assert "HUSH" not in left
    assert "open" in left


def test_the_results_of_several_commands_are_read_one_by_one(repository):
    commands = ["grep -rn e . | head", "cd b && grep -rn e .", "ls"]
    told = [
        {"query": commands[0], "result": "01-intro.md:1:open\n"},
        {"query": commands[1], "result": "./secret.txt:1:HUSH\n./open.py:1:open\n"},
        {"query": commands[2], "result": "secret.txt\n"},
    ]
    left = json.loads(repository.left("run_commands", {"commands": commands}, json.dumps(told)))
    assert left[0] == told[0]
    assert left[2] == told[2]
    assert "HUSH" not in left[1]["result"]
    assert "open.py:1:open" in left[1]["result"]
    with_ignored = [*commands[:2], "cat b/secret.txt"]
    told[2] = {"query": "cat b/secret.txt", "result": "HUSH"}
    assert "HUSH" not in repository.left("run_commands", {"commands": with_ignored}, json.dumps(told))
    # Where they cannot be told apart, any folder counts.
    assert "HUSH" not in repository.left("run_commands", {"commands": commands}, "./secret.txt:1:HUSH\n")


def test_a_poll_may_be_of_any_search(repository):
    begun = (*bash("grep -rn e src"), *bash("cd b && grep -rn e .", 1))
    assert "HUSH" not in repository.left("BashOutput", {"bash_id": "1"}, "./secret.txt:1:HUSH\n", before=begun)
    said = "config.yml:1:x\nbuilt in 3s\nerror TS2304\n"
    left = repository.left("BashOutput", {"bash_id": "1"}, f"open.py:1:x\n{said}", before=begun)
    assert left.endswith("built in 3s\nerror TS2304\n")


def test_names_that_begin_with_digits_or_brackets_are_names(repository):
    put_in = json.loads(json.dumps("01-intro.md:1:open\n(auth)/page.ts:1:open\n"))
    assert repository.left("Grep", {"pattern": "x"}, put_in) == put_in


def test_a_result_that_names_no_call_is_one_of_any(lab):
    read = calls_in({"type": "tool_use", "id": "r", "name": "Read", "input": {"file_path": "private/k"}})
    part = read_prompt(
        json.dumps({"messages": [{"role": "tool", "tool_call_id": "", "content": "HUSH"}]}).encode()
    ).parts[0]
    assert lab.results.may_cut(part)
    [cut] = lab.results.cuts(part, {call.id: call for call in read}, lab.workspace, Policy())
    assert (cut.start, cut.end) == (0, 4)
    assert lab.results.cuts(part, {}, lab.workspace, Policy()) == ()


def test_a_mention_within_a_result_is_cut_too(lab):
    said = 'yes <file_content path="private/k">\nHUSH\n</file_content> go on'
    for name, arguments in (("ask_followup_question", {"question": "?"}), ("Bash", {"command": "cat src/a.py"})):
        left = lab.left(name, arguments, said)
        assert "HUSH" not in left
        assert left.endswith("go on")
    [told] = json.loads(lab.left("ask_question", {}, json.dumps([{"result": said}])))
    assert "HUSH" not in told["result"]


def test_a_cut_never_lies_in_another(lab):
    said = 'private/k:1:HUSH <file_content path="private/k">\nHUSH\n</file_content>\nsrc/a.py:1:open\n'
    left = lab.left("Bash", {"command": "grep -rn x ."}, said)
    assert "HUSH" not in left
    assert "src/a.py:1:open" in left


STILL = [
    ("grep -rn foo .", "./.env:1:foo HUSH\n./src/a.py:1:foo\n./sub/b.py:1:foo\n", 2),
    ("grep -rn foo src | head -20", "src/a.py:1:foo\n", 1),
    ("rg foo", "src/a.py:1:foo\n.env:foo HUSH\nsub/b.py:1:foo\n", 2),
    ("rg -n foo src", "src/a.py:1:foo\n", 1),
    ("cd sub && grep -rn foo .", "./b.py:1:foo\n", 1),
]


@pytest.mark.parametrize(("command", "said", "many"), STILL, ids=[row[0] for row in STILL])
def test_searches_beside_an_ignored_file_run_and_lose_its_lines_alone(tmp_path, command, said, many):
    folder = tmp_path / "ws"
    put(folder / ".git" / "HEAD", "ref: refs/heads/main\n")
    for name in (".env", "src/a.py", "sub/b.py"):
        put(folder / name, "foo\n")
    lab = Lab(Results(DiskPaths(home=str(tmp_path)), str(tmp_path)), str(folder))
    action, origin = ShellCommand(command), Origin(workspace=str(folder))
    facts = examine_command(action, origin, Policy(), lab.results.paths, str(tmp_path), returns=True)
    assert not isinstance(ignored(action, facts), Ask | Deny)
    left = lab.left("Bash", {"command": command}, said)
    assert "HUSH" not in left
    assert left.count(":1:foo") == many
    assert ("left out" in left) == ("HUSH" in said)
