"""Only a search whose every line begins with its file's path may run over a folder with ignored files in it."""

import pytest

from companion.policy.ignore.searches import folder_of_search

NAMED = [
    ("grep -rn TODO .", ""),
    ("grep -rn 'a;b|c' src lib", ""),
    ('grep -rn "foo$" .', ""),
    ("grep -rnA3 -e foo --include='*.py' . 2>/dev/null | head -50", ""),
    ("rg foo", ""),
    ("rg -n --type py 'def x' src | sort", ""),
    ("cd sub/dir && rg foo", "sub/dir"),
    ("grep -r -- -x .", ""),
    (r"grep -rn it\'s .", ""),
    ("grep -rn 'it'\\''s' .", ""),
    ("grep -rn $'a\\tb' .", ""),
    ("grep -rn foo --include=*.py src/*.d", ""),
    ("grep -rn foo src | head -n 20", ""),
    ("cd sub 2>/dev/null && grep -rn foo . | sort -u | tail -5", "sub"),
]
OTHER = [
    r"grep -rn a$'\''; grep -rh '' . #' .",
    "grep -rn e$IFS-h .",
    "grep -rn e {-h,.}",
    "grep -rn e {-h,.} .",
    "grep -rn $'e'$'-h' . $@",
    "grep -rn e *",
    "grep -rn e -[h] .",
    "grep -rn e . #",
    "grep -rn e . |& head",
    "grep -rn e . || cat x",
    "grep -rn e . | head 5",
    "grep -rn e . |",
    "! grep -rn e .",
    "(grep -rn e .)",
    "{ grep -rn e .; }",
    "GREP_OPTIONS=-h grep -rn e .",
    "grep -rn e . <x",
    "grep -rn e . 2>&1",
    "grep -rn e . &",
    "grep -rn 'a' <(cat x)",
    "cd a b && grep -rn e .",
    "cd '' && grep -rn e .",
    "cd a && cd b && grep -rn e .",
    "cd a; grep -rn e .",
    "cd ~ && grep -rn e .",
    "cd ~x && grep -rn e .",
    "cd $X && grep -rn e .",
    "cd a* && grep -rn e .",
    "grep -rn e . | head && cat x",
    "alias grep='grep -h'\ngrep -rn e .",
    "grep() { cat x; }; grep -rn e .",
    "grep -rhn foo .",
    "grep -rn --no-filename foo .",
    "grep -rZl foo .",
    "rg -I foo",
    "rg -N --heading foo",
    "rg --json foo",
    "rg -r x foo",
    "rg --pre cat foo",
    "grep -rn foo . | cut -d: -f3",
    "grep -rn foo . | tail -c 30",
    "grep -rn foo . | head -c 30",
    "grep -rn foo . > out",
    "grep -rn foo . && cat x",
    "grep -rn foo . & cat x",
    "grep -rn foo .; cat x",
    "grep -rn $X .",
    "grep -rn $'-h' .",
    "grep $(cat x) .",
    "grep -rn `x` .",
    "grep -rn foo .\ncat x",
    "cd - && grep -rn foo .",
    "find . -name x",
    "xargs grep foo",
    "sh -c 'grep -rn foo .'",
    "grep 'unclosed",
    "",
    "|",
]


@pytest.mark.parametrize(("command", "folder"), NAMED)
def test_searches_that_name_every_line_s_file(command, folder):
    assert folder_of_search(command) == folder


@pytest.mark.parametrize("command", OTHER)
def test_everything_else_is_no_such_search(command):
    assert folder_of_search(command) is None


def test_a_home_is_spelt_out_where_it_is_known():
    assert folder_of_search("cd ~/ws/b && grep -rn e .", "/home/u") == "/home/u/ws/b"
    assert folder_of_search('cd "$HOME/ws" && grep -rn e .', "/home/u") == "/home/u/ws"
