"""The demo's play: short, and it touches what the sample project has."""

from companion.demo.planted import find_sample_project, ignored_markers, planted_secrets
from companion.demo.play import DEMO_PLAY, PLACEHOLDER, Read, Run, Say, Write


def test_it_is_short_and_ends_with_a_summary():
    assert len(DEMO_PLAY) < 12
    assert [isinstance(step, Say) for step in DEMO_PLAY].index(True) == len(DEMO_PLAY) - 1


def test_it_reads_a_page_with_a_planted_secret_and_then_writes_the_placeholder():
    reads = [step.path for step in DEMO_PLAY if isinstance(step, Read)]
    root = find_sample_project()
    assert all((root / path).is_file() for path in reads)
    leaky = set(planted_secrets(root)) - set(ignored_markers(root))
    assert leaky & set(reads)
    writes = [step for step in DEMO_PLAY if isinstance(step, Write)]
    assert [PLACEHOLDER in step.text for step in writes] == [True]


def test_what_it_deletes_is_there_and_can_be_made_again():
    assert any(isinstance(step, Run) and step.command == "rm -rf build" for step in DEMO_PLAY)
    root = find_sample_project()
    assert (root / "build" / "labels.txt").is_file()
    assert (root / "scripts" / "make_labels.sh").is_file()
