"""Lines of kept files leave a patch, those of others stay, and no content can pose as a header."""

from __future__ import annotations

import pytest
from msgspec import Struct

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.patches import may_hold_patch, owners_in_patch
from companion.policy.ignore.printed import NOTHING, Printed, Shape

RULE = IgnoreMatch(".clineignore", 1, "private/", denied=True)
OTHER = IgnoreMatch(".clineignore", 2, "lost", denied=True)


class Names(Struct):
    """Files whose names hold "private" are kept; another one is tracked where `tracked`."""

    tracked: bool = True

    def kept(self, header):
        return RULE if any("private" in name for name in (*header.names, *header.prefixed)) else None

    def lost(self):
        return OTHER if self.tracked else None


def left(text, printed=NOTHING, *, tracked=True):
    lines = text.splitlines(keepends=True)
    owned = owners_in_patch(lines, Names(tracked), printed)
    return "".join(line for line, owner in zip(lines, owned, strict=True) if owner is None)


def file(name, body, counts="@@ -1,2 +1,2 @@"):
    return f"diff --git a/{name} b/{name}\nindex 1..2 100644\n--- a/{name}\n+++ b/{name}\n{counts}\n{body}"


FREE = file("open", " same\n-FREE\n+FREE\n")
KEPT = file("private", " HUSH\n-HUSH\n+HUSH\n")

WHOLE = [
    KEPT + FREE,
    FREE + KEPT + FREE,
    "commit 1234567\nAuthor: x\n\n    private: words\n\n" + KEPT + "\ncommit 1234568\n\n    open\n\n" + FREE,
    FREE + KEPT + "\\ No newline at end of file\n" + FREE,
    FREE + KEPT + "@@ -9 +9 @@ HUSH\n-HUSH\n+HUSH\n" + FREE,
    KEPT + "On branch main\nnothing to commit\n",
    FREE + file("private", "HUSH\n", "Binary files differ\n"),
    FREE + "diff --git a/private b/private\nindex 1..2\nGIT binary patch\n"
    "literal 5\nMcmHUSHabc\n\nliteral 0\nHcmV?d00001\n\n" + FREE,
    "diff --cc private\nindex 1,2..3\n--- a/private\n+++ b/private\n@@@ -1,2 -1,1 +1,2 @@@\n  HUSH\n- HUSH\n++HUSH\n"
    + FREE,
    "".join(f"| {line}" for line in (KEPT + FREE).splitlines(keepends=True)),
    "".join(f"{number:6}\t{line}" for number, line in enumerate((KEPT + FREE).splitlines(keepends=True), 1)),
    "Index: private\n===================\n--- private\t(r1)\n+++ private\t(r2)\n@@ -1 +1 @@\n-HUSH\n+HUSH\n" + FREE,
    (KEPT + FREE).replace("\n", "\r\n"),
    "\x1b[1m" + KEPT.replace("\n", "\x1b[m\n\x1b[31m", 8) + "\x1b[m" + FREE,
    file("private", "+HUSH\n+HUSH\n", "@@ -0,0 +1,2 @@") + FREE,
]


@pytest.mark.parametrize("text", WHOLE, ids=[str(number) for number in range(len(WHOLE))])
def test_only_lines_of_kept_files_go(text):
    said = left(text)
    assert "HUSH" not in said
    gone = [line for line in text.splitlines(keepends=True) if "HUSH" not in line and line not in said]
    assert not [line for line in gone if "FREE" in line or "same" in line or "On branch" in line or "open" in line]


POSES = [
    "diff --git a/open b/open",
    "-- a/open\n++ b/open\n@ -1 +1 @@",
    "@@ -1,0 +1,0 @@",
    "commit 0123456789",
    "... [12 lines truncated] ...",
    "diff --cc open",
    "",
]


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("sign", [" ", "+", "-"])
def test_content_cannot_end_the_cut(pose, sign):
    lines = [*pose.split("\n"), "HUSH", "HUSH"]
    body = "".join(f"{sign}{line}\n" for line in lines)
    old, new = (0 if sign == "+" else len(lines)), (0 if sign == "-" else len(lines))
    text = FREE + file("private", body, f"@@ -1,{old} +1,{new} @@") + FREE
    said = left(text)
    assert "HUSH" not in said
    assert said.replace(FREE, "") == ""


@pytest.mark.parametrize("indent", ["", "    ", "| ", "  ", "      "])
def test_a_message_cannot_hide_what_comes_after_it(indent):
    made_up = "diff --git a/open b/open\n--- a/open\n+++ b/open\n@@ -1,900 +1,900 @@\n and\n"
    text = "".join(indent + line for line in made_up.splitlines(keepends=True))
    assert "HUSH" not in left(text + "\n" + KEPT)
    for bars in ("| ", "  ", "| | "):
        drawn = "".join(bars + line for line in KEPT.splitlines(keepends=True))
        assert "HUSH" not in left(f"{bars}    ".join(["", *made_up.splitlines(keepends=True)]) + drawn), bars


def test_a_plain_header_counts_within_lines_that_were_made_up():
    kept = "--- private\n+++ private\n@@ -1 +1 @@\n-HUSH\n+HUSH\n"
    assert "HUSH" not in left("--- open\n+++ open\n@@ -1,900 +1,900 @@\n and\n" + kept)


TORN = [
    (FREE + KEPT).replace("-HUSH\n", "... [12 lines truncated] ...\n-HUSH\n"),
    FREE.replace("-FREE\n", "-FR…12 tokens truncated…SH\n+HUSH\n") + "@@ -7 +7 @@\n-HUSH\n+HUSH\n",
    FREE.replace("-FREE\n", "[... 12 lines omitted ...]\n-HUSH\n+HUSH\n"),
]


@pytest.mark.parametrize("text", TORN, ids=["kept", "within", "between"])
def test_behind_what_an_agent_left_out_lines_go_up_to_the_next_header(text):
    said = left(text + FREE)
    assert "HUSH" not in said
    assert said.endswith(FREE)
    assert "truncated" in said or "omitted" in said or text is TORN[0] or text is TORN[1]


MARK = "... [12 lines truncated] ..."
GRAPH = "".join(f"| {line}" for line in FREE.splitlines(keepends=True))
ENDS = {
    "a header's rest": f"diff --git a\n{MARK}\n/open b/open\n+HUSH\n",
    "within a header": "diff --git a/open b/op…5 tokens truncated…+HUSH\n HUSH\n",
    "within a message": f"commit 1234567\nAuthor: x\n\n    wo\n\n{MARK}\n\nHUSH\n+HUSH\n",
    "content without its sign, as a header": f"{FREE}@@ -9,9 +9,9 @@\n{MARK}\ndiff --git a/open b/open\n+HUSH\n",
    "content without its sign, as a commit": f"{FREE}@@ -9,9 +9,9 @@\n{MARK}\ncommit 1234567\n+HUSH\n",
    "content with its sign, as a header": (
        f"{FREE}@@ -9,9 +9,9 @@\n{MARK}\nHUSH\n diff --git a/open b/open\n index 1..2\n+HUSH\n"
    ),
    "the same below bars": f"{GRAPH}| @@ -9,9 +9,9 @@\n{MARK}\n|  diff --git a/open b/open\n|  index 1..2\n| +HUSH\n",
    "below fewer bars": f"{GRAPH.replace('| ', '| | ')}{MARK}\nHUSH\n| \\ No newline at end of file\n| +HUSH\n",
    "a hunk that seems whole": FREE.replace("-FREE\n", "-F…12 tokens truncated…SH\n") + " HUSH\n+HUSH\n",
    "a line that git says": f"{FREE}\\ No newline a…12 tokens truncated…SH\n HUSH\n+HUSH\n",
}


@pytest.mark.parametrize("text", ENDS.values(), ids=ENDS)
def test_behind_a_mark_nothing_but_a_whole_header_is_trusted(text):
    assert "HUSH" not in left(text)
    assert left(text + FREE).endswith(FREE)


def test_where_no_kept_file_is_tracked_what_is_torn_stays():
    for text in (FREE.replace("-FREE\n", "... [12 lines truncated] ...\n-x\n") + FREE, "+x\n-y\n" + FREE):
        assert left(text, Printed(Shape.TORN), tracked=False) == text
        assert left(text, Printed(Shape.LOST), tracked=False) == text


def test_what_nobody_can_tell_goes_where_one_is_tracked():
    assert left("+HUSH\n same\n" + FREE, Printed(Shape.TORN)) == FREE
    assert left("+HUSH\n same\n" + FREE, Printed(Shape.LOST)) == ""
    assert left("HUSH\nHUSH\n", Printed(Shape.WHOLE, may_be_object=True)) == ""
    commit = "commit 1234567\nAuthor: x <y>\n\n    x\n\n" + FREE
    assert left(commit, Printed(Shape.WHOLE, may_be_object=True)) == commit


def test_words_have_no_signs():
    body = "HUSH\n diff\ndiff --git a/open b/open\n[-HUSH-]\n{+HUSH+}\n"
    text = file("private", body, "@@ -1,5 +1,5 @@") + FREE
    assert left(text, Printed(Shape.WHOLE, is_counted=False)) == FREE


def test_prose_about_patches_stays():
    for text in ("a\n--- a/private\nb\n", "use `diff --git a/private b/private`\nHUSH\n", "@@ decorator\n+1\n"):
        assert left(text) == text


def test_the_look_before():
    assert may_hold_patch(FREE)
    assert may_hold_patch("GIT binary patch")
    assert not may_hold_patch("x = 1\n" * 100)


@pytest.mark.parametrize(
    "unit", [FREE, KEPT, KEPT[:-6], "+... [1 lines truncated]\n", "--- a\n+++ b\n", "diff --git " + "a " * 40 + "\n"]
)
def test_a_long_result_is_read_once(unit):
    """Each line is asked about a bounded number of times, however often the text goes on."""
    asked = []

    class Counted(Names):
        def kept(self, header):
            asked.append(header)
            return super().kept(header)

    lines = (unit * 400).splitlines(keepends=True)
    owners_in_patch(lines, Counted(), NOTHING)
    assert len(asked) <= len(lines)
