"""Git's decision over a stack of files."""

import pytest

from companion.policy.ignore.rules import IgnoreFile, Rules, decide


def rules(*files, fold_case=False):
    return Rules(
        tuple(
            IgnoreFile.read(f"{base}/.gitignore" if base else ".gitignore", base, text.encode(), fold_case=fold_case)
            for base, text in files
        )
    )


DECISIONS = [
    # files, path, is_dir, source and line of the rule that excludes it, or None
    ([("", "secrets/\n!secrets/README.md")], "secrets/README.md", False, (".gitignore", 1)),
    ([("", "secrets\n!README.md")], "secrets/README.md", False, (".gitignore", 1)),
    ([("", "*\n!*.py")], "src/a.py", False, (".gitignore", 1)),
    ([("", "*\n!*.py")], "a.py", False, None),
    ([("", "*\n!*/\n!*.py")], "src/a.py", False, None),
    ([("", "a\n!a\na")], "a", False, (".gitignore", 3)),
    ([("", "*.log"), ("sub", "!keep.log")], "sub/keep.log", False, None),
    ([("", "*.log"), ("sub", "!keep.log")], "other/keep.log", False, (".gitignore", 1)),
    ([("", "sub/"), ("sub", "!*")], "sub/x", False, (".gitignore", 1)),
    ([("sub", "/x")], "sub/x", False, ("sub/.gitignore", 1)),
    ([("sub", "/x")], "x", False, None),
    ([("sub", "/x")], "subx", False, None),
    ([("sub", "/x")], "sub/y/x", False, None),
    ([("", "build/")], "build", False, None),
    ([("", "build/")], "build", True, (".gitignore", 1)),
    ([("", "build/")], "build/out", False, (".gitignore", 1)),
    ([("", "dir/**")], "dir", True, None),
    ([("", "dir/**")], "dir/x/y", False, (".gitignore", 1)),
    ([("", "*")], "", True, None),
    ([], "a/b", False, None),
]


@pytest.mark.parametrize(("files", "path", "is_dir", "expected"), DECISIONS)
def test_decisions(files, path, is_dir, expected):
    found = decide(rules(*files), path, is_dir=is_dir)
    assert (found and (found.source, found.line)) == expected


@pytest.mark.parametrize("path", ["README.md", "readme.md", "sub/Readme.MD"])
def test_case_is_folded_on_demand(path):
    assert decide(rules(("", "readme.md"), fold_case=True), path, is_dir=False)
    assert bool(decide(rules(("", "readme.md")), path, is_dir=False)) is (path == "readme.md")


def test_the_rules_say_whether_a_match_is_a_denial():
    file = IgnoreFile.read("x", "", b"a")
    for denied in (True, False):
        found = decide(Rules((file,), denied=denied), "a", is_dir=False)
        assert found is not None
        assert found.denied is denied


def test_a_closed_file_covers_what_lies_below_its_folder_and_nothing_else():
    closed = Rules((IgnoreFile.closed("sub/.clineignore", "sub", "a symbolic link"),))
    assert decide(closed, "sub/deep/x", is_dir=False)
    assert decide(closed, "sub", is_dir=True) is None
    assert decide(closed, "x", is_dir=False) is None


def test_complaints_name_line_and_pattern():
    (complaint,) = IgnoreFile.read("x", "", b"a\n[b\n").complaints
    assert complaint[:2] == (2, "[b")
