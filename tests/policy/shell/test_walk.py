import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.read import read_command
from tests.support.shell import codes


def targets(command: str) -> set[str]:
    return {effect.target for effect in read_command(command, "/w", "/h") if effect.kind == "read"}


@pytest.mark.parametrize(
    "command",
    [
        "ls || rm x",
        "ls && rm x",
        "ls | rm x",
        "ls |& rm x",
        "ls & rm x",
        "ls\nrm x",
        "! rm x",
        "(rm x)",
        "{ rm x; }",
        "if ls; then rm x; fi",
        "if ls; then pwd; else rm x; fi",
        "if ls; then pwd; elif rm x; then pwd; fi",
        "while rm x; do ls; done",
        "until ls; do rm x; done",
        "for i in a; do rm x; done",
        "for ((i=0; i<3; i++)); do rm x; done",
        "case a in b) ls;; *) rm x;; esac",
        "f() { rm x; }; f",
        "echo $(rm x)",
        'echo "`rm x`"',
        "echo ${y:-$(rm x)}",
        "cat <(rm x)",
        "cat <<E\n$(rm x)\nE",
        "cat <<E | rm x\na\nE",
        "cat <<E && rm x\na\nE",
        "y=$(rm x)",
        "export y=$(rm x)",
        '[ -n "$(rm x)" ]',
        "[[ -n $(rm x) ]]",
        "case $(rm x) in a) ls;; esac",
        "ls > $(rm x)",
        "ls 2>&1 | (cd a && { rm x; })",
        "echo $(($(rm x)+1))",
        ">log rm x",
        "time rm x",
        "y=rm; $y x",
        "y=r; z=m; $y$z x",
        "for y in rm ls; do $y x; done",
    ],
)
def test_every_branch_is_walked(command: str):
    assert "delete" in codes(command) or "unknown-path" in codes(command)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cd a & cat x", {"x"}),
        ("cd a | cat x", {"x"}),
        ("if cd a; then cat x; fi", {"x", "a/x"}),
        ("{ cd a; } && cat x", {"a/x"}),
        ("! cd a && cat x", {"x"}),
        ("cd a && cat x || cat y", {"a/x", "y", "a/y"}),
        ("for d in a b; do cat $d/x; done", {"a/x", "b/x"}),
        ("for d in a b; do (cd $d && cat x); done", {"a/x", "b/x"}),
    ],
)
def test_folders_and_variables_are_followed(command: str, expected: set[str]):
    found = targets(command)
    assert found == expected or (not found and "unknown-path" in codes(command, "/w", "/h"))


@pytest.mark.parametrize(
    "command",
    [
        "cd $d && cat x",
        "while ls; do cat x; cd ..; done",
        "d=.; while ls; do cat x; cd $d; d=..; done",
        "y=a; [ -f b ] && y=c; cat $y",
        "y=a; while ls; do y=b$y; cat $y; done",
        "y=a; { y=b; } </none; cat $y",
        "y=a; if ls; then y=b; fi >/none; cat $y",
        "y=a; for z in 1; do { y=b; break; y=a; }; done; cat $y",
        "y=a; while ls; do { y=b; continue; y=a; }; done; cat $y",
        "y='a b'; cat $y",
        "cat $1",
        "f=*; cat $f",
    ],
)
def test_what_is_not_certain_is_unknown(command: str):
    assert "unknown-path" in codes(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("PATH=.:$PATH; ls", "sets-environment"),
        ("for PATH in a; do ls; done", "sets-environment"),
        ("coproc ls", "unknown-program"),
        ("f() { ls; }", "defines-function"),
        ("alias ls=pwd", "defines-function"),
    ],
)
def test_what_can_do_more_than_it_looks_is_named(command: str, code: str):
    assert code in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "y=1; echo $y",
        "y=2; echo $((y * 3))",
        "echo $? $# $$",
        "echo $HOME $PWD $USER",
        "LC_ALL=C sort x",
        "set -euo pipefail; ls",
        'while read -r line; do echo "$line"; done < x',
        "[[ $PWD == /w* ]]",
    ],
)
def test_what_is_harmless_stays_unnamed(command: str):
    assert codes(command, "/w", "/h") == set()


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ('for f in *.js; do wc -l "$f"; done', {"*.js"}),
        ("for f in *.js; do cat $f; done", {"*.js"}),
        ('for f in a.txt src/*; do sort "${f}"; done', {"a.txt", "src/*"}),
        ('for f in *; do cat "$f"; done', {"*"}),
        ('cd src && for f in *.js; do head "$f"; done', {"src/*.js"}),
        ('for f in $(git ls-files); do cat "$f"; done', {".", "./"}),
        ("wc -l $(git ls-files)", {".", "./"}),
        ('for d in s*; do grep -r x "$d"; done', {"./"}),
        ('for d in s*/; do ls "$d"; done', {"."}),
        ("cat {a,b}.txt", {"a.txt", "b.txt"}),
        ('v=(a.txt b.txt); cat "${v[@]}"', {"a.txt", "b.txt"}),
        ("x=a.js; cat ${x%.js}.ts", {"a.ts"}),
        ("diff <(cat a) <(cat b)", {"a", "b"}),
    ],
)
def test_what_is_listed_is_read(command: str, read: set[str]):
    effects = read_command(command)
    globs = {(one.start, one.end) for one in effects if one.code == "glob"}
    seen = {
        one.target
        for one in effects
        if one.kind is EffectKind.READ and (one.code != "tree" or (one.start, one.end) not in globs)
    }
    assert seen == read
    assert codes(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        'for f in *; do wc -l "$f"; done',
        'for f in *; do sort "$f"; done',
        'for f in *.js; do find "$f"; done',
        'for f in --files0-from=x *.js; do wc -l "$f"; done',
        'for f in *.js; do cd src; cat "$f"; done',
        'for f in *.js; do read -r f; cat "$f"; done',
        'for f in *.js; do f=$(date); cat "$f"; done',
        'for f in *.js; do cat "../$f"; done',
        'for f in *.js; do rm "$f"; done',
        'cat "$(git ls-files)"',
        "cat $(git ls-files; echo x)",
        "cat $(git ls-files >x)",
        "bash <(cat a)",
        "make -f <(cat a)",
        'for f in *.js; do bash "$f"; done',
    ],
)
def test_a_listed_name_is_not_known_where_it_may_be_more(command: str):
    assert codes(command) != set()


@pytest.mark.parametrize(
    "word", ["break", "br''eak", "\\break", "$b", '"$b"', "con\\tinue", "command $b", "builtin b''reak"]
)
@pytest.mark.parametrize("head", ["for f in a b", "while ls", "for f in *.js"])
def test_what_leaves_a_body_by_a_word_in_disguise_leaves_it(word: str, head: str):
    command = f"b=break; x=a; {head}; do x=hidden; {word}; x=a; done; cat $x"
    assert codes(command) & {"unknown-path", "not-understood", "expansion"}


@pytest.mark.parametrize("word", ["return", "re''turn", "$b", "\\return"])
def test_what_leaves_a_function_in_disguise_leaves_it(word: str):
    assert codes(f"b=return; x=a; f() {{ x=hidden; {word}; x=a; }}; f; cat $x") & {"unknown-path", "not-understood"}


@pytest.mark.parametrize(
    "command",
    [
        'for f in *.js; do n=$(basename "$f"); echo "$n"; done',
        "for f in a b; do n=$(wc -l < $f); echo $n; done",
        "while ls; do n=1; echo $n; done",
        "g() { return; }; f() { g; x=a; cat $x; }; f",
    ],
)
def test_of_a_body_that_nothing_leaves_nothing_is_left_out(command: str):
    assert codes(command) == set()


@pytest.mark.parametrize(
    "command",
    [
        "for f in a b; do n=1; done; echo $n",
        "for f in a b; do ls && n=1; echo $n; done",
        "while ls; do n=1; done; echo $n",
        "for f in a b; do if ls; then continue; fi; n=1; done; echo $n",
        "g() { break; }; for f in a b; do g; n=1; done; echo $n",
    ],
)
def test_of_others_what_is_set_may_be_what_the_environment_says(command: str):
    assert "reads-environment" in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "a | sort | uniq && rg x",
        "a | sort | uniq || rg x",
        "a | sort | uniq && pwd && rg x",
        "a | sort | uniq && rg x > out",
        "a | sort | uniq > out && rg x",
        "! a | sort | uniq && rg x",
        "a | sort | uniq && { rg x; }",
        "a | sort | uniq && a | sort | uniq && rg x",
    ],
)
def test_what_follows_a_pipe_of_three_gets_nothing_from_it(command: str):
    assert "./" in targets(command)


@pytest.mark.parametrize("command", ["a | sort | rg x", "a | sort | rg x && pwd", "a | sort | { uniq && rg x; }"])
def test_what_a_pipe_feeds_reads_no_folder(command: str):
    assert "./" not in targets(command)
