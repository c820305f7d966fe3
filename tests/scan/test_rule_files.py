"""Files of rules are believed unchanged only when a change would have shown."""

import time

import pytest

from companion.scan.rule_files import (
    LARGEST,
    LINK,
    MISSING,
    NO_FILE,
    UNSETTLED,
    RuleFiles,
    current_stamp,
    is_settled,
    settled_stamp,
    stamp_of,
)

SECOND = 10**9


class Times:
    """As os.stat_result, for its times alone."""

    def __init__(self, modified, changed):
        self.st_mtime_ns, self.st_ctime_ns = modified, changed


SETTLED = [
    (5 * SECOND + 1, 5 * SECOND + 2, False),
    (5 * SECOND + 1, 6 * SECOND, True),
    (5 * SECOND, 6 * SECOND, False),
    (5 * SECOND, 8 * SECOND, True),
    (9 * SECOND, 5 * SECOND, True),
]


@pytest.mark.parametrize(("changed", "now", "expected"), SETTLED)
def test_a_file_is_settled_when_the_clock_of_its_disk_has_moved_on(changed, now, expected):
    """A disk that counts whole seconds may count every other one only."""
    assert is_settled(Times(changed, changed), now) is expected


def load(path, now=None, **given):
    files = RuleFiles(now or (lambda: time.time_ns() + 10 * SECOND))
    return files.load(str(path), follow=given.get("follow", False), fold_case=False)


def test_what_is_no_file_says_why(tmp_path):
    (tmp_path / "link").symlink_to("x")
    assert load(tmp_path / "gone") == (MISSING, None)
    assert load(tmp_path / "link")[1] == LINK
    assert load(tmp_path / "link", follow=True) == (MISSING, None)
    assert load(tmp_path)[1] == NO_FILE
    (tmp_path / "huge").write_bytes(b"x" * (LARGEST + 1))
    assert "larger" in load(tmp_path / "huge")[1]


def test_a_young_file_is_read_each_time_and_parsed_once(tmp_path):
    file = tmp_path / "rules"
    file.write_text("a\n")
    files = RuleFiles()
    first, second = (files.load(str(file), follow=False, fold_case=False) for _ in range(2))
    assert first[0] == second[0] == UNSETTLED
    assert first[1] is second[1]


def test_a_settled_file_is_kept_until_it_changes(tmp_path):
    file = tmp_path / "rules"
    file.write_text("a\n")
    files = RuleFiles(lambda: time.time_ns() + 10 * SECOND)
    stamp, content = files.load(str(file), follow=False, fold_case=False)
    assert stamp == current_stamp(str(file), follow=False) == stamp_of(file.stat())
    assert files.load(str(file), follow=False, fold_case=False)[1] is content
    file.write_text("b\n")
    assert files.load(str(file), follow=False, fold_case=False)[1].patterns[0].text == "b"


def test_case_is_part_of_what_is_kept(tmp_path):
    file = tmp_path / "rules"
    file.write_text("A\n")
    files = RuleFiles(lambda: time.time_ns() + 10 * SECOND)
    plain, folded = (files.load(str(file), follow=False, fold_case=fold)[1] for fold in (False, True))
    assert plain.last_match(b"a", b"a", is_dir=False) is None
    assert folded.last_match(b"a", b"a", is_dir=False)


def test_stamps_of_what_cannot_be_looked_at_equal_no_other(tmp_path):
    assert current_stamp("\0", follow=True) not in {MISSING, UNSETTLED}
    assert settled_stamp("\0") == UNSETTLED
    assert settled_stamp(str(tmp_path / "gone")) == MISSING
    (tmp_path / "young").touch()
    assert settled_stamp(str(tmp_path / "young")) == UNSETTLED
