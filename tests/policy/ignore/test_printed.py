"""What a command line may print of tracked files; a command that prints none costs nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.ignore.printed import NOTHING, Printed, Shape, printed_by, rest_of

WHOLE, TORN, LOST = (Printed(shape) for shape in (Shape.WHOLE, Shape.TORN, Shape.LOST))
FINDS = Printed(finds=True)

TOLD = {
    "git diff": WHOLE,
    "git --no-pager diff HEAD~1": WHOLE,
    "git -C src -c a.b=c diff": WHOLE,
    "cd src && git diff --cached": WHOLE,
    "git status; git diff": WHOLE,
    "git diff 2>&1 | cat": WHOLE,
    "git diff | head -50": WHOLE,
    "git diff > x.patch": WHOLE,
    "git diff | tail -50": TORN,
    "git diff | tail -n +3 | head -5": TORN,
    "git log -p | sed -n '20,60p'": TORN,
    "git diff | grep x": LOST,
    "git diff\n| x": WHOLE,
    "(git diff | sort)": LOST,
    "for c in a b; do git show HEAD; done": WHOLE,
    "git diff --stat": NOTHING,
    "git diff --name-only": NOTHING,
    "git diff --stat -p": WHOLE,
    "git log": NOTHING,
    "git log --oneline | grep x": NOTHING,
    "git log -p": WHOLE,
    "git log -U0": WHOLE,
    "git log -L1,2:x": WHOLE,
    "git show -s": NOTHING,
    "git show 1234567": Printed(Shape.WHOLE, may_be_object=True),
    "git show --oneline 1234567": WHOLE,
    "git stash show": WHOLE,
    "git stash show --stat": NOTHING,
    "git stash list -p": WHOLE,
    "git format-patch --stdout HEAD~1": WHOLE,
    "git format-patch HEAD~1": NOTHING,
    "git diff-tree -p HEAD": WHOLE,
    "git status -v": WHOLE,
    "git status": NOTHING,
    "git commit -m x": NOTHING,
    "git cat-file -p 1234567": Printed(Shape.WHOLE, may_be_object=True),
    "git cat-file -p HEAD:x": NOTHING,
    "git cat-file -t 1234567": NOTHING,
    "git archive HEAD | tar -xO": LOST,
    "git fast-export HEAD": LOST,
    "git add -p": LOST,
    "git add x": NOTHING,
    "gh pr diff 12": WHOLE,
    "gh pr diff --name-only": NOTHING,
    "gh pr list": NOTHING,
    "hg diff": WHOLE,
    "diff -ru a b": NOTHING,
    "bash -c 'git log -p | grep x'": LOST,
    "echo $(git diff)": WHOLE,
    "git diff --word-diff": Printed(Shape.WHOLE, is_counted=False),
    "git diff --color-words=. | head": Printed(Shape.WHOLE, is_counted=False),
    "git diff --src-prefix=x- --dst-prefix y-": Printed(Shape.WHOLE, prefixes=frozenset({"x-", "y-"})),
    "git diff --line-prefix='> '": Printed(Shape.WHOLE, line_prefix="> "),
    "git diff --relative": Printed(Shape.WHOLE, is_relative=True),
    "git grep x": FINDS,
    "git grep -n x HEAD | head": FINDS,
    "git grep -n x | grep -v y": FINDS,
    "git grep -n x | sort": FINDS,
    "git grep -n x | cut -d: -f3": LOST,
    "git grep -h x": LOST,
    "git grep -nh x": LOST,
    "git grep --heading x": Printed(finds=True, has_headings=True),
    "echo 'git diff | grep x'": NOTHING,
    "git commit -m 'git diff | grep x'": NOTHING,
    "git 'unclosed diff": LOST,
    "ls -la": NOTHING,
    "npm test": NOTHING,
    "git": NOTHING,
    "": NOTHING,
}


@pytest.mark.parametrize("command", TOLD, ids=str)
def test_what_a_command_prints(command):
    assert printed_by(command) == TOLD[command]


def test_of_several_the_worst_counts():
    assert printed_by("git diff; git grep x") == WHOLE | FINDS
    assert (WHOLE | LOST).patch is Shape.LOST


def test_the_rest_of_it_may_begin_anywhere():
    assert rest_of(WHOLE).patch is Shape.TORN
    assert rest_of(LOST).patch is Shape.LOST
    assert rest_of(FINDS) == FINDS


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["git", "diff", "|", "grep", "-h", "'", '"', "$(", ")", ";", "\n", ">", "2"])).map(
        " ".join
    )
)
def test_any_text_has_an_answer(text):
    assert isinstance(printed_by(text), Printed)
