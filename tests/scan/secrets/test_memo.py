"""What is remembered of a text is where its secrets are, under the rules of that time."""

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span
from companion.scan.secrets.memo import Memo, Result

SPAN = Span(3, 9, "GITHUB", "github-token", "rules", Confidence.HIGH)


def test_a_result_is_found_again_by_text_rules_and_key():
    memo, other = Memo(b"k", 10), Memo(b"other", 10)
    kept = memo.put(Result(memo.digest("a text", b"rules"), (SPAN,)))
    assert memo.get(memo.digest("a text", b"rules")) == kept
    for digest in (memo.digest("a texT", b"rules"), memo.digest("a text", b"newer"), other.digest("a text", b"rules")):
        assert memo.get(digest) is None


def test_the_least_used_is_forgotten_first():
    memo = Memo(b"k", 2)
    first, second, third = (Result(memo.digest(text, b"")) for text in ("one", "two", "three"))
    memo.put(first)
    memo.put(second)
    assert memo.get(first.digest) is first
    memo.put(third)
    assert (memo.get(first.digest), memo.get(second.digest), memo.get(third.digest)) == (first, None, third)


def test_what_is_learnt_later_takes_its_place():
    memo = Memo(b"k", 2)
    digest = memo.digest("\ud800 text", b"")
    memo.put(Result(digest))
    memo.put(Result(digest, known=4))
    assert memo.get(digest) == Result(digest, known=4)
    assert "text" not in repr(memo.get(digest))
