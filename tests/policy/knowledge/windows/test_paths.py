import pytest

from companion.policy.knowledge.windows.paths import plain_path, read_path, write_path


@pytest.mark.parametrize(
    ("word", "path"),
    [("a\\b", "a/b"), (".\\a", "./a"), ("C:\\x", None), ("\\\\host\\x", None), ("~", None), ("/x", None), ("", None)],
)
def test_plain_path(word, path):
    assert plain_path(word) == path


def test_facts():
    assert [(fact.kind, fact.target, fact.code) for fact in read_path("a\\b", 1)] == [("read", "a/b", "")]
    assert [(fact.target, fact.code) for fact in read_path("a", 1, names=True)] == [("a", "names")]
    assert [(fact.target, fact.code) for fact in read_path("src\\*.py", 1)] == [("src", "tree")]
    assert [(fact.target, fact.code) for fact in read_path("*.py", 1)] == [(".", "tree")]
    assert [fact.code for fact in read_path("C:\\x", 1)] == ["unknown-path"]
    assert [(fact.kind, fact.target) for fact in write_path("a\\b", 1)] == [("write", "a/b")]
    assert [(fact.kind, fact.target) for fact in write_path("a", 1, deletes=True)] == [("delete", "a")]
    assert [fact.code for fact in write_path("*", 1, deletes=True)] == ["unknown-path"]
