"""What real git prints of repositories that track kept files: no line of those is left, and every line of the others.

A person's command, run by a shell, in repositories that grew by chance.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.edges.gateway.prompt import read_prompt
from companion.gatekeeper.results import Results
from companion.model.policy import Policy
from companion.scan.paths import DiskPaths
from companion.scan.tracked import TrackedFiles
from tests.gatekeeper.test_results import Lab, bash
from tests.support.ignored import put
from tests.support.repositories import Grown, git

EXACT = """\
git diff
git diff --cached --color=always
git diff HEAD --no-prefix
git diff -U0 HEAD~2
git diff --function-context HEAD~1
git diff --word-diff HEAD~2
git diff --word-diff=porcelain HEAD~2
git diff --color-words --color=always HEAD~1
git diff -R HEAD~2
git diff --src-prefix=old- --dst-prefix=new- HEAD~1
git diff --src-prefix=x/ --dst-prefix=x/ HEAD~1
git diff -M -C HEAD~3
git diff --binary --stat -p HEAD~1
git diff -w --inter-hunk-context=3 HEAD~2
git diff --line-prefix='xx ' HEAD~2
git -c diff.mnemonicPrefix=true diff
git -c diff.noprefix=true diff HEAD~1
git -c core.quotePath=false diff HEAD~1
git show --format=%B -p HEAD~1
git show -m HEAD
git show -c HEAD
git show --cc HEAD
git log -p
git log -p --reverse --format=%B
git log -c -p
git log --graph -p --all --color=always
git log --graph --oneline -p --all
git log -p -S HUSH
git log -L1,3:open.py
git stash show -p
git stash list -p
git reflog -p
git format-patch --stdout HEAD~3
git diff-tree --root -p -r HEAD~2
git diff-index -p HEAD
git status -v
git diff HEAD~2 | head -40
for c in HEAD HEAD~1; do git show $c; done
git status && git diff HEAD; ls
cd src && git diff HEAD~2
cd src && git diff --relative HEAD~2
git -C src diff HEAD~2
git grep say
git grep --color=always -n say
git grep -n --column say HEAD~2
git grep -z -n say
git grep -W -n say
git grep -C2 say HEAD~1
git grep -n say | grep -v one | sort
git -c core.quotePath=false grep -n say
git -C src grep -n say
cd src && git grep -n --full-name say
cd deep/er && git grep -n say HEAD~1 -- ../..
git cat-file -p BLOB
git show BLOB
""".splitlines()
"""Commands of which exactly the lines of kept files go."""

CLOSED = """\
git diff HEAD~2 | tail -30
git log -p | sed -n '20,60p'
git log -p | grep say
git diff | grep '^[+-]'
git grep -h say
git grep --heading --break -n say
git grep --heading say
git grep -n say | cut -d: -f3
git archive HEAD | tar -xO
git fast-export HEAD
bash -c 'git log -p | grep say'
""".splitlines()
"""Commands that hide of which file a line is: more may go."""


def lab_for(folder, home):
    paths = DiskPaths(home=str(home))
    return Lab(Results(paths, str(home), None, TrackedFiles(paths)), str(folder))


def run(command, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_PAGER": "cat"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def words(kind, text):
    return set(re.findall(rf"{kind}\d{{4}}", text))


@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000))
def test_lines_of_kept_files_go_and_all_others_stay(tmp_path_factory, seed):
    home = tmp_path_factory.mktemp("grown")
    folder = home / "ws"
    Grown(folder, seed)
    lab = lab_for(folder, home)
    first = git(folder, "rev-list", "--max-parents=0", "HEAD").strip()
    blob = git(folder, "rev-parse", f"{first}:private/k").strip()
    seen = set()
    for form in (*EXACT, *CLOSED):
        command = form.replace("BLOB", blob[:12])
        said = run(command, folder)
        left = lab.left("Bash", {"command": command}, said)
        assert not words("HUSH", left), command
        assert form in CLOSED or words("FREE", left) == words("FREE", said), command
        assert lab.left("Bash", {"command": command}, said) == left
        seen |= {command} if words("HUSH", said) else set()
    assert len(seen) > 40


def test_where_no_kept_file_is_tracked_nothing_goes(tmp_path):
    folder = tmp_path / "ws"
    put(folder / ".clineignore", "private/\n")
    put(folder / ".gitignore", "local/\n.env\nprivate/\n")
    for name in ("private/k", "local/l", ".env", "a.py", "src/b.py"):
        put(folder / name, "".join(f"{name} {number}\n" for number in range(20)))
    git(folder, "init", "-q")
    for number in range(3):
        put(folder / "a.py", "".join(f"line {line} {number * line}\n" for line in range(30)))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"number {number}\n\n... [12 lines truncated] ...")
    put(folder / "src" / "b.py", "changed\n")
    blob = git(folder, "rev-parse", "HEAD:a.py").strip()
    lab = lab_for(folder, tmp_path)
    for form in (*EXACT, *CLOSED):
        command = form.replace("BLOB", blob).replace("say", "line").replace("HEAD~3", "HEAD~2")
        said = run(command, folder)
        assert lab.left("Bash", {"command": command}, said) == said, command
        torn = said[: len(said) // 3] + "\n... [12 lines truncated] ...\n" + said[len(said) // 2 :]
        assert lab.left("Bash", {"command": command}, torn) == torn, command


MARKS = ("\n... [12 lines truncated] ...\n", "…123 tokens truncated…", "\n[... 12 lines omitted ...]\n")


@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000))
def test_what_an_agent_cut_in_the_middle_keeps_no_line_of_a_kept_file(tmp_path_factory, seed):
    home = tmp_path_factory.mktemp("torn")
    Grown(home / "ws", seed)
    lab, chance = lab_for(home / "ws", home), random.Random(seed)
    for command in ("git log -p", "git diff HEAD~2", "git log --graph -p", "git grep -n say", "git show -c HEAD"):
        said = run(command, home / "ws")
        for mark in MARKS * 4:
            start, end = sorted(chance.sample(range(len(said) + 1), 2))
            torn = said[:start] + mark + said[end:]
            assert not words("HUSH", lab.left("Bash", {"command": command}, torn)), (command, start, end)


PATCH = (
    "diff --git a/private/k b/private/k\nindex 1..2 100644\n--- a/private/k\n+++ b/private/k\n"
    "@@ -1 +1 @@\n-HUSH\n+HUSH\n"
    "diff --git a/src/a.py b/src/a.py\nindex 1..2 100644\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-open\n+open\n"
)


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "ws"
    put(folder / ".companionignore", "/private/\n")
    for name in ("private/k", "src/a.py", "src/private/own.py"):
        put(folder / name, "x\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    return lab_for(folder, tmp_path)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("git_diff", {"repo_path": "."}),
        ("Bash", {"command": "make review"}),
        ("Read", {"file_path": "changes.patch"}),
        ("Bash", {"command": "gh pr diff 3"}),
        ("BashOutput", {"bash_id": "1"}),
    ],
)
def test_a_patch_is_known_by_its_own_words_whatever_brought_it(lab, name, arguments):
    left = lab.left(name, arguments, "Output:\n" + PATCH)
    assert "HUSH" not in left
    assert left.endswith(PATCH[PATCH.index("diff --git a/src") :])
    assert "7 lines, of files that are ignored: .companionignore:1: /private/" in left


def test_names_begin_at_the_top_wherever_git_ran(lab):
    left = lab.left("Bash", {"command": "cd src && git diff"}, PATCH)
    assert "HUSH" not in left
    own = PATCH.replace("private/k", "src/private/own.py")
    assert lab.left("Bash", {"command": "cd src && git diff"}, own) == own


def test_a_workspace_below_the_top_is_told_names_from_the_top(lab):
    below = Lab(lab.results, lab.workspace + "/src")
    assert "HUSH" not in below.left("Bash", {"command": "git diff"}, PATCH)
    own = PATCH.replace("private/k", "src/private/own.py")
    assert below.left("Bash", {"command": "git diff"}, own) == own


def test_the_rest_of_a_patch_that_another_tool_brings_is_cut_too(lab):
    said = "-HUSH\n+HUSH\n" + PATCH
    assert "HUSH" not in lab.left("BashOutput", {"bash_id": "1"}, said, before=bash("git log -p"))
    assert (
        lab.left("BashOutput", {"bash_id": "1"}, "built in 3s\n- ok\n", before=bash("git log")) == "built in 3s\n- ok\n"
    )


def test_entries_are_cut_one_by_one(lab):
    told = [{"query": "git diff", "result": PATCH}, {"query": "git diff | grep x", "result": "+HUSH\n"}]
    left = json.loads(lab.left("run_commands", {"commands": ["git diff", "git diff | grep x"]}, json.dumps(told)))
    assert "HUSH" not in str(left)
    assert "open" in left[0]["result"]


def test_what_an_agent_puts_into_a_prompt_by_itself_is_cut(lab):
    said = f"<git_working_state>\n{PATCH}</git_working_state>"
    part = read_prompt(json.dumps({"messages": [{"role": "user", "content": said}]}).encode()).parts[0]
    assert lab.results.may_cut(part)
    [cut] = lab.results.cuts(part, {}, lab.workspace, Policy())
    assert part.texts()[cut.text][cut.start : cut.end] == PATCH[: PATCH.index("diff --git a/src")]
