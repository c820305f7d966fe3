"""A header names its files, however git or diff writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.policy.ignore.headers import header_at, unquoted

PLAIN = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n"

TOLD = [
    ("diff --git a/x b/x\nindex 1..2 100644\n" + PLAIN, {"x"}, 4),
    ("diff --git x/y x/y\nindex 1..2\n--- x/y\n+++ x/y\n@@ -1 +1 @@", {"x/y"}, 4),
    ("diff --git i/x w/x\nindex 1..2", {"x"}, 2),
    ("diff --git a/a b/c b/a b/c\nold mode 100644\nnew mode 100755", {"a b/c"}, 3),
    ('diff --git "a/\\303\\244.env" "b/\\303\\244.env"\ndeleted file mode 100644', {"ä.env"}, 2),
    (
        "diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n--- a/x\n+++ b/y\n@@ -1 +1 @@",
        {"x", "y"},
        6,
    ),
    ("diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n", {"x", "y"}, 4),
    ('diff --git a/x "b/y\\tz"\nrename from x\nrename to "y\\tz"', {"x", "y\tz"}, 3),
    ("diff --cc x y\nindex 1,2..3\n--- a/x y\t\n+++ b/x y\t\n@@@ -1 -1 +1 @@@", {"x y"}, 4),
    ("diff --combined x\nmode 1,2..3", {"x"}, 2),
    ("diff --git old-x/y new-x/y\nindex 1..2\n", {"old-x/y", "new-x/y"}, 2),
    (PLAIN, {"a/x", "b/x"}, 2),
    ("--- x\t2020-01-01 00:00\n+++ y\t2020\n@@ -1 +1 @@", {"x", "y"}, 2),
    ("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@", {"b/x"}, 2),
    ("diff -ru o/x n/x\n--- o/x\t2020\n+++ n/x\t2020\n@@ -1 +1 @@", {"o/x", "n/x"}, 3),
    ("Index: x y\n===================================================================\n--- x y\t(r1)\n", {"x y"}, 3),
    ("diff --git a/x b/x\nindex 1..2\nBinary files a/x and b/x differ", {"x"}, 3),
    ("diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 1", {"x"}, 3),
    ("| | diff --git a/x b/x\n| | index 1..2\n| | @@", {"x"}, 2),
    ("    12\tdiff --git a/x b/x\n    13\tindex 1..2\n    14\t@@", {"x"}, 2),
    ("<stdout>diff --git a/x b/x\nindex 1..2\n@@", {"x"}, 2),
]


@pytest.mark.parametrize(("text", "names", "end"), TOLD, ids=[str(number) for number in range(len(TOLD))])
def test_what_a_header_names(text, names, end):
    header = header_at(text.splitlines(), 0)
    assert header is not None
    assert {*header.names, *header.prefixed} == names
    assert header.end == end


@pytest.mark.parametrize(
    "text",
    [
        "see diff --git a/x b/x",
        "--- a/x",
        "--- a/x\n+++ b/x\nno hunk",
        "---\n+++ b\n@@ -1 +1 @@",
        "diff -u is a command",
        "x",
    ],
)
def test_what_is_none(text):
    assert header_at(text.splitlines(), 0) is None


def test_where_nothing_tells_the_names_apart_every_way_counts():
    header = header_at(["diff --git a/x y b/z w"], 0)
    assert header is not None
    assert {"a/x y", "b/z w"} <= set(header.prefixed)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_quoting_is_taken_back(name):
    escapes = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
    octal = "".join(escapes.get(sign) or (sign if sign.isascii() else _octal(sign)) for sign in name)
    assert unquoted(f'"{octal}"') == name
    assert unquoted(f'"{"".join(escapes.get(sign, sign) for sign in name)}"') == name


def _octal(sign):
    return "".join(f"\\{byte:03o}" for byte in sign.encode())
