"""Texts of tools' results and mentions, by the files that they come from."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.results import entries, listed, may_mention, mentions_of, searched, whole, whole_entry

RULE = IgnoreMatch(".clineignore", 3, "private/")
FILES = {
    f"private/k{'-a' * 12}",
    "01-private.md",
    "(private)/k",
    "private/k:1",
    "12",
    "01-intro.md",
    "src/a.py",
    "src/b.py",
    "a b.txt",
    "private/k",
    "private/HUSH",
    "Makefile",
    "a",
    "private-1-b",
}


def covers(path):
    plain = path.removeprefix("./").removeprefix("/w/")
    if plain == "private/k:1":
        # Somebody made it.
        return None
    kept = plain.startswith(("private/", "private-", "(private)/")) or plain in {"private", "01-private.md"}
    return RULE if kept else None


class Tree:
    def __init__(self, lost=None) -> None:
        self._lost = lost

    covers = staticmethod(covers)

    def is_file(self, path):
        return path.removeprefix("./").removeprefix("/w/") in FILES

    def lost(self):
        return self._lost


def apply(text, cuts):
    out, at = [], 0
    for cut in cuts:
        out += (text[at : cut.start], cut.words)
        at = cut.end
    return "".join((*out, text[at:]))


def left(text, lost=None):
    return apply(text, searched(text, Tree(lost)))


RESULTS = [
    ("grep -rn", "src/a.py:1:one\nprivate/k:2:HUSH\nsrc/b.py:3:two\n", ["src/a.py", "src/b.py"]),
    ("with context", "private/k-1-HUSH\nprivate/k:2:HUSH\nprivate/k-3-HUSH\n--\nsrc/a.py:2:x\n", ["src/a.py"]),
    ("context without numbers", "private/k-HUSH\nprivate/k:HUSH\n--\nsrc/a.py-x\n", ["src/a.py-x"]),
    ("files with matches", "./src/a.py\n./private/k\n/w/private/HUSH\n", ["src/a.py"]),
    ("counts", "src/a.py:3\nprivate/HUSH:4\n", ["src/a.py:3"]),
    ("headings", "private/k\n12:HUSH\n13-HUSH\n\nsrc/a.py\n1:x\n", ["src/a.py", "1:x"]),
    ("headings with bars", "private/k\n│----\n│HUSH\n│----\n\nsrc/a.py\n│----\n│x\n", ["│x"]),
    ("Cline's", "Found 2\n\nprivate/k:1:1\n  2: HUSH\n\n  3: HUSH\n\nsrc/a.py:1:1\n> 1: x\n", ["Found 2", "> 1: x"]),
    ("a file that is gone", "private/gone:2:HUSH\nsrc/a.py:1:x\n", ["src/a.py"]),
    ("a name with a number in it", "private-1-b:3:HUSH\nsrc/a.py:1:x\n", ["src/a.py"]),
    ("a name with a space", "private/k:1:HUSH\na b.txt:1:x\n", ["a b.txt:1:x"]),
    ("windows line ends", "src/a.py:1:x\r\nprivate/k:2:HUSH\r\n", ["src/a.py"]),
    ("no line end", "src/a.py\nprivate/HUSH", ["src/a.py"]),
    ("a name that begins with a digit", "src/a.py:1:x\n01-private.md:3:HUSH\n", ["src/a.py:1:x"]),
    ("a name that begins with a bracket", "src/a.py:1:x\n(private)/k:3:HUSH\n", ["src/a.py:1:x"]),
    ("a file made beside an ignored one", "private/k:1:HUSH\nsrc/a.py:1:x\n", ["src/a.py:1:x"]),
    ("colours", "\x1b[35mprivate/k\x1b[m:\x1b[32m1\x1b[m:HUSH\nsrc/a.py:1:x\n", ["src/a.py:1:x"]),
    ("many hyphens", f"private/k{'-a' * 12}:1:HUSH\nsrc/a.py:1:x\n", ["src/a.py:1:x"]),
]


@pytest.mark.parametrize(("text", "kept"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
@pytest.mark.parametrize("in_json", [False, True])
def test_lines_of_ignored_files_are_left_out_and_the_rule_is_named(text, kept, in_json):
    told = json.dumps([{"query": "HUSH", "result": text}], ensure_ascii=False) if in_json else text
    result = left(told)
    if in_json:
        [told] = json.loads(result)
        result = told["result"]
    assert "HUSH" not in result
    assert ".clineignore:3: private/" in result
    assert all(words in result for words in kept)


KEPT = [
    "Found 2 files\nsrc/a.py:1: private things\nsrc/b.py\r\n\ttabs\n",
    "src/a.py:3:open('private/k')\nsrc/a.py:4:private/k: x\nsrc/b.py-5-private/k:6:x\n",
    "Chunk ID: 97\nWall time: 0.0 seconds\nOutput:\nsrc/a.py:1:x\n",
    "",
]


@pytest.mark.parametrize("text", KEPT)
@pytest.mark.parametrize("lost", [None, RULE])
def test_a_result_without_ignored_files_stays_byte_for_byte(text, lost):
    assert left(text, lost) == text


def test_what_was_asked_is_the_model_s_own():
    told = json.dumps([{"query": "private/k:1:x", "result": "nothing"}])
    assert left(told, RULE) == told


def test_lines_of_a_file_that_nobody_finds_stay_only_where_nothing_is_ignored():
    text = "k:2:HUSH\nsub/x.py:1:HUSH\n"
    assert left(text) == text
    assert "HUSH" not in left(text, RULE)


@given(
    st.lists(
        st.sampled_from(["src/a.py:1:x", "private/k:1:HUSH", "", "--", "note", "private/HUSH", "  2: HUSH", "src/b.py"])
    )
)
def test_law_lines_of_an_ignored_file_go_up_to_the_next_file_and_cuts_are_in_order(lines):
    text = "\n".join(lines)
    cuts = searched(text, Tree())
    kept, is_open = [], True
    for line in lines:
        is_open = not covers(line.split(":")[0]) if line.startswith(("src", "private")) else is_open
        kept += [line] if is_open else []
    assert [line for line in apply(text, cuts).split("\n") if line and "left out" not in line] == list(
        filter(None, kept)
    )
    assert all(one.end <= other.start for one, other in pairwise(cuts))
    assert all(cut.rule == RULE for cut in cuts)


@given(st.text(max_size=200))
def test_law_no_text_breaks_it(text):
    for said in (text, json.dumps([{"result": text}])):
        for cuts in (searched(said, Tree(RULE)), listed(said, covers), mentions_of(said, covers)):
            assert all(0 <= cut.start < cut.end <= len(said) for cut in cuts)
    assert isinstance(json.loads(left(json.dumps([{"result": text}]), RULE)), list)


def test_of_a_list_the_names_of_denied_files_go():
    text = "- src/\n  - a.py\n- private/\n\U0001f512 private/k\n"
    assert apply(text, listed(text, covers)).splitlines()[:2] == ["- src/", "  - a.py"]
    assert "private/k" not in apply(text, listed(text, covers))


def test_a_whole_result():
    assert apply("HUSH", whole("HUSH", RULE)).startswith("(companion left out this result")
    assert whole(" \n", RULE) == []


ENTRIES = [
    (json.dumps([{"query": "a", "result": "one"}, {"query": "b", "result": 'HUSH "\n'}]), 2, 2),
    (json.dumps([{"query": "a", "result": "one"}]), 2, 0),
    (json.dumps([{"result": {"result": "HUSH"}}]), 1, 0),
    (json.dumps([{"more": [{"result": "HUSH"}], "result": "x"}]), 1, 0),
    ("[no json", 1, 0),
    ("HUSH", 1, 0),
]


@pytest.mark.parametrize(("text", "asked", "found"), ENTRIES)
def test_results_in_a_list_are_told_apart_only_where_each_has_one(text, asked, found):
    assert len(entries(text, asked)) == found


def test_one_result_of_a_list_goes_and_the_list_stays_one():
    text = ENTRIES[0][0]
    places = entries(text, 2)
    told = json.loads(apply(text, whole_entry(places[1], RULE)))
    assert told[0] == {"query": "a", "result": "one"}
    assert "left out" in told[1]["result"]


MENTIONS = [
    '<file_content path="private/k">\nHUSH\n</file_content>',
    "<file_content path='private/k'>HUSH</file_content>",
    '<final_file_content path="./private/k" more="x">\nHUSH\n</final_file_content>',
    '<file_content path="private/k">\nHUSH, never closed',
    '<file_content path="private/k">\na</file_content> HUSH\n</file_content>',
    '<folder_content path="src">\nk\n<file_content path="private/k">HUSH</file_content></folder_content>',
    'Called the Read tool with the following input: {"file_path":"/w/private/k"}\nResult:\n1\tHUSH',
    '<file_content path="private/k">\n<file name="src/a.php">HUSH\n</file>\nHUSH</file_content>',
    '<file_content path="private/k">\n<file_content path="src/a.py">HUSH\n</file_content>',
    '<file path="src/a.py" name="private/k">HUSH</file>',
    '<file name="src/a.py" path="private/k">HUSH</file>',
]


@pytest.mark.parametrize("text", MENTIONS)
def test_the_content_of_a_mentioned_ignored_file_is_left_out(text):
    assert may_mention(text)
    result = apply(text, mentions_of(text, covers))
    assert "HUSH" not in result
    assert ".clineignore:3" in result
    assert "private/k" in result


OPEN = [
    'see <file_content path="src/a.py">\nx\n</file_content> and <file_content path="private/k"></file_content>',
    'Called the Read tool with the following input: {"file_path":"src/a.py"}\nResult of calling the Read tool:\n1\tx',
    'Called the Bash tool with the following input: {"command":"ls"}\nResult of calling the Bash tool:\nx',
    "Called the Read tool with the following input: {no json}\nx",
]


@pytest.mark.parametrize("text", OPEN)
def test_other_mentions_stay(text):
    assert mentions_of(text, covers) == []


@pytest.mark.parametrize("mark", ['<file_content path="', "<file ", '<file name="a"', "<folder_content path='x'"])
def test_marks_that_never_close_are_none(mark):
    assert mentions_of(mark * 20_000, covers) == []


def test_a_mark_with_many_open_quotes_is_read_once():
    # With backtracking it would take minutes.
    hostile = ("<file " + 'name="' * 33 + '"' * 1024 + "\n") * 600
    assert mentions_of(hostile, covers) == []


def test_input_that_is_deeper_than_anybody_reads_is_no_mention():
    said = "Called the Read tool with the following input: " + '{"a":' * 100_000 + "1" + "}" * 100_000
    assert mentions_of(said, covers) == []


def test_a_raw_tab_in_a_document_is_a_tab():
    assert "HUSH" not in left('[{"result": "private/k:1:\tHUSH"}]')


def test_a_mention_inside_a_document_leaves_it_one():
    told = json.dumps([{"result": MENTIONS[0]}])
    [entry] = json.loads(apply(told, mentions_of(told, covers)))
    assert "HUSH" not in entry["result"]


def test_after_a_mentioned_ignored_file_the_next_one_stays():
    text = "".join(
        f'Called the Read tool with the following input: {{"file_path":"{path}"}}\nResult:\n1\t{said}\n\n'
        for path, said in (("private/k", "HUSH"), ("src/a.py", "open"))
    )
    result = apply(text, mentions_of(text, covers))
    assert "HUSH" not in result
    assert "open" in result
