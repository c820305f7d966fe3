import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.edges.gateway.sealed import unescaped
from companion.gatekeeper.ports import SecretScanner
from companion.model.action import TextKind
from companion.model.facts import Confidence, Finding
from companion.policy.redaction import PLACEHOLDER, redact, restore
from companion.scan.secrets.engine import Engine, Span, allowance
from companion.scan.secrets.rules import OwnRules, load_rules
from companion.scan.secrets.samples import Sample, samples_of
from companion.scan.secrets.scanner import SecretScan, default_engines
from companion.scan.secrets.search import ScanFailed

KEY = b"k" * 32
PLANTED = [sample for rule in load_rules() for sample in samples_of(rule, "planted")]
RULES = {sample: rule.id for rule in load_rules() for sample in samples_of(rule, "planted")}
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
PASSWORD = "k2J4h5G6f7D8"


class Fake:
    """An engine that does what it is told."""

    def __init__(self, missing: str = "", delay: float = 0, error: Exception | None = None) -> None:
        self.name, self.version, self.calls = "fake", "1", 0
        self.missing, self.delay, self.error = missing, delay, error

    def load(self) -> str:
        return self.missing

    def find(self, text: str) -> list[Span]:
        self.calls += 1
        time.sleep(self.delay)
        if self.error:
            raise self.error
        return []


@pytest.fixture(scope="module")
def scan() -> Iterator[SecretScan]:
    scanner = SecretScan(KEY, default_engines())
    scanner.load()
    yield scanner
    scanner.close()


def of(index: int, findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.text == index]


def fits_the_port(scanner: SecretScan) -> SecretScanner:
    return scanner


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    # One of a rule: the second bare pair of AWS keys in one text is not always told from other letters.
    st.lists(
        st.sampled_from(PLANTED), min_size=1, max_size=3, unique_by=lambda sample: RULES[sample].partition("-")[0]
    ),
    st.lists(st.text(max_size=20) | st.sampled_from(["\n", "SECRET_", " = ", "\\n", "é😀"]), min_size=4, max_size=4),
)
def test_the_laws_of_a_scan(scan: SecretScan, samples: list[Sample], between: list[str]) -> None:
    text = between[0] + "".join(
        f"\n{sample.text}\n{words}" for sample, words in zip(samples, between[1:], strict=False)
    )
    texts = ("user", text, f"again {samples[0].secret}")
    findings = asyncio.run(scan.scan(texts, ""))
    assert list(findings) == sorted(findings, key=lambda finding: (finding.text, finding.start))
    for index, whole in enumerate(texts):
        ours = of(index, findings)
        assert all(0 <= finding.start < finding.end <= len(whole) for finding in ours)
        assert all(left.end <= right.start for left, right in pairwise(ours))
        hidden = redact(whole, ours)
        assert scan.restore(hidden) == whole
        assert not any(sample.secret in hidden for sample in samples)
        assert all(PLACEHOLDER.fullmatch(finding.placeholder) for finding in ours)


@pytest.mark.parametrize("sample", PLANTED)
async def test_a_planted_secret_is_hidden_without_the_native_engine_too(sample: Sample) -> None:
    scanner = SecretScan(KEY, [OwnRules()])
    (*_, last) = await scanner.scan((sample.text, "x" + sample.secret), "")
    assert sample.secret not in scanner.scrub(sample.text)
    assert last.text == 1
    scanner.close()


async def test_placeholders_are_the_same_in_another_process(scan: SecretScan) -> None:
    other = SecretScan(KEY, default_engines())
    texts = tuple(sample.text for sample in PLANTED)
    assert await scan.scan(texts, "") is not None
    fresh = SecretScan(KEY, default_engines())
    assert await other.scan(texts, "") == await fresh.scan(texts, "")
    other.close()
    fresh.close()


async def test_every_occurrence_in_every_text_is_found(scan: SecretScan) -> None:
    first = f'db_password = "{PASSWORD}"'
    findings = await scan.scan((first, f"is it {PASSWORD}{PASSWORD}?"), "")
    assert [(finding.text, finding.start) for finding in findings] == [(0, 15), (1, 6), (1, 6 + len(PASSWORD))]
    assert len({finding.placeholder for finding in findings}) == 1


async def test_a_guess_does_not_outlive_its_call_and_a_token_does(scan: SecretScan) -> None:
    guess, token = "q9W8e7R6t5Y4u3I2", TOKEN[:-4] + "Zz9Z"
    await scan.scan((f'api_key = "{guess}"', token), "")
    findings = await scan.scan((f"bare {guess}", f"x{token}x"), "")
    assert [(finding.text, finding.confidence) for finding in findings] == [(1, Confidence.HIGH)]


async def test_a_restored_answer_is_hidden_as_before(scan: SecretScan) -> None:
    text = f"use {TOKEN} now"
    hidden = redact(text, await scan.scan((text,), ""))
    assert redact(scan.restore(hidden), await scan.scan((scan.restore(hidden),), "")) == hidden
    assert await scan.scan((hidden, f'password = "{hidden.split()[1]}"'), "") == ()


async def test_values_of_env_files_are_found_in_any_form_and_again_when_they_change(tmp_path: Path) -> None:
    scanner = SecretScan(KEY, [OwnRules()])
    env = tmp_path / ".env"
    env.write_text("DB_PASSWORD=hunter2-prod\n")
    encoded = base64.b64encode(b"hunter2-prod").decode()
    texts = ("it is hunter2-prod", f"k8s {encoded}", "or correct-horse-3")
    findings = await scanner.scan(texts, str(tmp_path))
    assert [(finding.text, finding.type, finding.rule) for finding in findings] == [
        (0, "ENV", ".env"),
        (1, "ENV", ".env"),
    ]
    env.write_text("DB_PASSWORD=correct-horse-3\n")
    assert [finding.text for finding in await scanner.scan(texts, str(tmp_path))] == [0, 1, 2]
    scanner.close()


async def test_ordinary_code_is_left_alone(scan: SecretScan) -> None:
    own = [path.read_text("utf-8") for path in sorted(Path(__file__).parents[3].glob("companion/**/*.py"))]
    assert [(own[f.text][f.start : f.end], f.rule) for f in await scan.scan(own, "")] == []


async def test_a_text_is_examined_once() -> None:
    fake = Fake()
    scanner = SecretScan(KEY, [fake])
    for _ in range(3):
        await scanner.scan(("the same text", "the same text", "short"), "")
    assert fake.calls == 1
    scanner.close()


async def test_what_is_remembered_is_bounded_and_holds_no_text() -> None:
    fake = Fake()
    scanner = SecretScan(KEY, [fake], remembered=2)
    await scanner.scan(("text one", "text two", "text three"), "")
    await scanner.scan(("text one",), "")
    assert fake.calls == 4
    assert "text" not in repr(scanner._memo)
    scanner.close()


async def test_a_failing_engine_fails_the_scan_and_says_nothing_of_the_text() -> None:
    scanner = SecretScan(KEY, [Fake(error=ValueError("a secret text"))])
    with pytest.raises(ScanFailed, match=r"the engine fake failed \(ValueError\)") as caught:
        await scanner.scan(("a secret text",), "")
    assert caught.value.__cause__ is None
    with pytest.raises(ScanFailed):
        scanner.scrub("a secret text")
    scanner.close()


async def test_a_slow_engine_fails_the_scan() -> None:
    scanner = SecretScan(KEY, [Fake(delay=0.2)], seconds=0.05)
    scanner.load()
    with pytest.raises(ScanFailed, match=r"longer than 0\.05 seconds"):
        await scanner.scan(("some text", "other text"), "")
    scanner.close()


async def test_a_missing_engine_is_said_and_not_asked() -> None:
    missing: Engine = Fake(missing="not installed")
    scanner = SecretScan(KEY, [missing, OwnRules()])
    findings = await scanner.scan((TOKEN,), "")
    assert [finding.engine for finding in findings] == ["rules"]
    assert scanner.engines().items() >= {"fake": "missing: not installed", "rules": OwnRules.version}.items()
    scanner.close()


async def test_odd_texts_are_no_trouble(scan: SecretScan) -> None:
    texts = ("", "\ud800" * 20, "\0" * 50, f"İ\ud800{TOKEN}\0", base64.b64encode(bytes(range(256)) * 400).decode())
    findings = await scan.scan(texts, "")
    assert [texts[finding.text][finding.start : finding.end] for finding in findings] == [TOKEN]


def test_scrub_hides_what_is_known_and_what_is_found(scan: SecretScan) -> None:
    assert scan.scrub("nothing here") == "nothing here"
    scrubbed = scan.scrub(f"run x --token {TOKEN} and {TOKEN}")
    assert TOKEN not in scrubbed
    assert scan.restore(scrubbed) == f"run x --token {TOKEN} and {TOKEN}"


class Piece:
    """A part as the scanner sees one; counts how often it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha256(text.encode()).digest()
        self.size = len(text)
        self.read_in: list[str] = []

    is_answer = False

    def kinds(self) -> dict[int, TextKind]:
        return {}

    def texts(self) -> tuple[str, ...]:
        self.read_in.append(threading.current_thread().name)
        return (self.text,)


@pytest.mark.parametrize(("size", "thread"), [(900, "MainThread"), (16_000, "MainThread"), (20_000, "secrets")])
async def test_little_new_text_is_scanned_where_it_is_and_more_in_a_thread(size: int, thread: str) -> None:
    scanner = SecretScan(KEY, [Fake()])
    scanner.load()
    piece = Piece("x" * size)
    assert (await scanner.examine([piece], "")).numbers == (0,)
    assert (await scanner.examine([piece], "")).numbers == ()
    (name,) = piece.read_in
    assert name.startswith(thread)
    scanner.close()


async def test_small_text_or_not_files_are_looked_at_in_a_thread(tmp_path: Path) -> None:
    scanner = SecretScan(KEY, [Fake()])
    scanner.load()
    (tmp_path / ".env").write_text("TOKEN=zq7Kp2Lw9Xv4Rt6Yb\n")
    first, second = Piece("say zq7Kp2Lw9Xv4Rt6Yb"), Piece("again zq7Kp2Lw9Xv4Rt6Yb")
    found = await scanner.examine([first], str(tmp_path))
    assert [finding.rule for finding in found.findings] == [".env"]
    assert first.read_in[0].startswith("secrets")
    found = await scanner.examine([second], str(tmp_path))
    assert [finding.rule for finding in found.findings] == [".env"]
    assert second.read_in == ["MainThread"]
    scanner.close()


async def test_an_engine_that_fails_on_little_text_has_examined_nothing() -> None:
    scanner = SecretScan(KEY, [Fake(error=RuntimeError("no"))])
    scanner.load()
    for _ in range(2):
        with pytest.raises(ScanFailed, match="fake failed"):
            await scanner.examine([Piece("x" * 900)], "")
    scanner.close()


class Told(Piece):
    """A part with one text of a kind."""

    def __init__(self, text: str, kind: TextKind) -> None:
        super().__init__(text)
        self.kind = kind

    def kinds(self) -> dict[int, TextKind]:
        return {0: self.kind}


def fresh_scan() -> SecretScan:
    scanner = SecretScan(KEY, default_engines())
    scanner.load()
    return scanner


async def test_a_placeholder_depends_on_the_secret_alone_not_on_what_was_seen_before(tmp_path: Path) -> None:
    """So that after a restart, in whatever order sessions come back, each prompt goes out as it went before."""
    (tmp_path / ".env").write_text(f"DB_PASSWORD={PASSWORD}\n")
    first, second = f'password = "{PASSWORD}"\n', f"say {PASSWORD} and {TOKEN}"
    seen = []
    for texts, workspace in [((first,), ""), ((second,), str(tmp_path)), ((first, second), str(tmp_path))]:
        scanner = fresh_scan()
        await scanner.scan(texts, workspace)
        found = await scanner.scan((first, second), str(tmp_path))
        seen.append([(finding.text, finding.placeholder) for finding in found])
        scanner.close()
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) == 3


async def test_after_a_restart_a_value_of_the_workspace_is_restored_before_it_was_seen(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DB_PASSWORD={PASSWORD}\n")
    before, after = fresh_scan(), fresh_scan()
    [finding] = await before.scan((f"it is {PASSWORD}",), str(tmp_path))
    assert after.lookup(finding.placeholder) is None
    await after.examine([Piece("nothing of it here")], str(tmp_path))
    assert after.lookup(finding.placeholder) == PASSWORD
    [seen] = await before.scan((f"it is {TOKEN}",), str(tmp_path))
    assert after.lookup(seen.placeholder) is None, "what stands in no file is unknown until it is seen"
    before.close()
    after.close()


SECRET = 'Xk9"mQ2\\vL8\npRt4Zw7é'
"""As JSON and as text it is spelt differently."""


@pytest.mark.parametrize("ascii", [True, False])
async def test_a_secret_in_arguments_has_the_placeholder_that_it_has_in_text(tmp_path: Path, ascii: bool) -> None:
    scanner = fresh_scan()
    (tmp_path / ".env").write_text("KEY=" + json.dumps(SECRET, ensure_ascii=False) + "\n")
    document = unescaped(json.dumps({"command": f"run {SECRET} now"}, ensure_ascii=ascii))
    parts = [Piece(f"it is {SECRET}."), Told(document, TextKind.JSON)]
    found = await scanner.examine(parts, str(tmp_path))
    plain, escaped = found.findings
    assert plain.placeholder == escaped.placeholder
    hidden = redact(document, [escaped])
    assert json.loads(hidden) == {"command": f"run {plain.placeholder} now"}
    assert json.loads(restore(hidden, scanner.lookup, json_escaped=True)) == {"command": f"run {SECRET} now"}
    scanner.close()


async def test_in_what_is_sealed_only_what_is_certain_is_hidden() -> None:
    scanner = fresh_scan()
    doubted = f'password = "{PASSWORD}"'
    parts = [Told(f"I thought of {doubted} and {TOKEN}", TextKind.SEALED), Piece("words")]
    found = (await scanner.examine(parts, "")).findings
    assert [(one.text, one.rule, one.end - one.start) for one in found] == [(0, "github-token", len(TOKEN))]
    found = (await scanner.examine([Piece(doubted), *parts], "")).findings
    assert {one.text for one in found if one.rule == "assigned-password"} == {0}
    scanner.close()


class Greedy(Fake):
    """Works until it is told to stop."""

    def find(self, text: str) -> list[Span]:
        self.calls += 1
        while "endless" in text:
            allowance()
        return []


async def test_a_text_that_takes_too_long_is_hidden_whole_and_comes_back() -> None:
    greedy = Greedy()
    scanner = SecretScan(KEY, [greedy])
    texts = ("endless " * 10, f"{TOKEN} is ordinary")
    for _ in range(2):
        [finding] = await scanner.scan(texts, "")
        assert (finding.text, finding.start, finding.end) == (0, 0, len(texts[0]))
        assert (finding.rule, finding.type) == ("too-much-to-search", "TEXT")
    assert scanner.restore(redact(texts[0], [finding])) == texts[0]
    assert greedy.calls == 3, "twice for the first, and nobody tries again"
    scanner.close()


async def test_a_text_of_too_many_secrets_is_hidden_whole() -> None:
    scanner = SecretScan(KEY, [OwnRules()])
    text = "\n".join(f"ghp_{number:06d}aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1" for number in range(600))
    [finding] = await scanner.scan((text,), "")
    assert (finding.start, finding.end, finding.rule) == (0, len(text), "too-much-to-search")
    scanner.close()


async def test_little_text_that_takes_long_is_taken_up_again_in_a_thread() -> None:
    scanner = SecretScan(KEY, [Greedy()])
    scanner.load()
    piece = Piece("endless words")
    [finding] = (await scanner.examine([piece], "")).findings
    assert finding.rule == "too-much-to-search"
    assert [name.split("_")[0] for name in piece.read_in] == ["MainThread", "secrets"]
    scanner.close()


async def test_a_text_that_is_full_of_what_is_known_is_hidden_whole() -> None:
    scanner = SecretScan(KEY, [OwnRules()])
    texts = (f"it is {TOKEN}", f"{TOKEN} " * 3_000)
    found = await scanner.scan(texts, "")
    assert [(one.text, one.end - one.start) for one in found] == [(0, len(TOKEN)), (1, len(texts[1]))]
    assert scanner.restore(redact(texts[1], found[1:])) == texts[1]
    scanner.close()


class Word:
    """A person's word, which may change."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.rules: set[tuple[str, str]] = set()

    def __call__(self, value: str, rule: str, place: str) -> bool:
        return value in self.values or (rule, place) in self.rules


@pytest.fixture
def word() -> Word:
    return Word()


@pytest.fixture
def asked(word: Word) -> Iterator[SecretScan]:
    scanner = SecretScan(KEY, [OwnRules()], accepted=word)
    scanner.load()
    yield scanner
    scanner.close()


async def examined(scanner: SecretScan, workspace: str, *texts: str) -> list[str]:
    found = await scanner.examine([Piece(text) for text in texts], workspace)
    return [found.texts[one.text][one.start : one.end] for one in found.findings]


async def test_law_a_persons_word_counts_from_the_next_call_on_and_until_it_is_taken_back(
    asked: SecretScan, word: Word
) -> None:
    texts = (f"a {TOKEN} b", "clean enough", f'password = "{PASSWORD}"')
    for _ in range(2):
        assert await examined(asked, "", *texts) == [TOKEN, PASSWORD]
        word.values = {TOKEN}
        assert await examined(asked, "", *texts) == [PASSWORD]
        word.values = {TOKEN, PASSWORD}
        assert await examined(asked, "", *texts) == []
        word.values = set()


async def test_a_rule_is_accepted_in_one_workspace_and_counts_in_the_other(
    asked: SecretScan, word: Word, tmp_path: Path
) -> None:
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    word.rules = {("github-token", here)}
    for _ in range(2):
        assert await examined(asked, here, f"a {TOKEN} b") == []
        assert await examined(asked, there, f"a {TOKEN} b") == [TOKEN]
    assert await asked.scan([TOKEN], there, here) == ()


async def test_a_value_of_an_env_file_is_accepted_in_every_form(asked: SecretScan, word: Word, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=hunter2-prod\n")
    texts = ("it is hunter2-prod", base64.b64encode(b"hunter2-prod").decode())
    found = await asked.scan(texts, str(tmp_path))
    assert [one.text for one in found] == [0, 1]
    named = asked.named(found[0].placeholder)
    assert named is not None
    assert (named.fingerprint, named.env_file) == (found[0].fingerprint, ".env")
    assert asked.named(found[0].fingerprint) == named
    assert asked.named("SECRET_ENV_00000000") is None
    word.values = {"hunter2-prod"}
    assert await asked.scan(texts, str(tmp_path)) == ()


async def test_records_and_logs_keep_what_was_accepted_hidden(asked: SecretScan, word: Word) -> None:
    await asked.scan([TOKEN], "")
    assert TOKEN not in asked.mask(f"a {TOKEN}")


async def test_law_a_scanner_apart_teaches_and_learns_nothing(asked: SecretScan, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=hunter2-prod\n")
    asked.read_env_files(str(tmp_path))
    first = asked.apart().find(f"a {TOKEN} hunter2-prod", "")
    assert [one.rule for one in first] == ["github-token", ".env"]
    alone = [finding.rule for finding in SecretScan(KEY, [OwnRules()]).apart().find(f"x{TOKEN}x", "")]
    assert [one.rule for one in asked.apart().find(f"x{TOKEN}x", "")] == alone
    assert await asked.scan([f"x{TOKEN}x"], "") == tuple(asked.apart().find(f"x{TOKEN}x", ""))


ALLOWS = (
    "pragma: allowlist secret",
    "pragma: whitelist secret",
    "pragma: allowlist nextline secret",
    "gitleaks:allow",
    "betterleaks:allow",
    "kingfisher:ignore",
    "kingfisher:allow",
    "trufflehog:ignore",
    "nosec",
    "noqa",
    "ggignore",
    "secretlint-disable-line",
    "noseyparker:ignore",
)


@pytest.mark.parametrize("allow", ALLOWS)
@pytest.mark.parametrize(
    "form", ["{text}  # {allow}", "# {allow}\n{text}", "{text}  // {allow}", "<!-- {allow} -->\n{text}"]
)
def test_law_no_comment_in_a_text_lets_a_secret_pass(scan: SecretScan, allow: str, form: str) -> None:
    for sample in PLANTED:
        if "\n" in sample.text.strip():
            continue
        text = form.format(text=sample.text, allow=allow)
        hidden = redact(text, scan.apart().find(text, ""))
        plain = redact(sample.text, scan.apart().find(sample.text, ""))
        assert (sample.secret in hidden) == (sample.secret in plain), text


@pytest.mark.parametrize("allow", ALLOWS)
def test_law_no_engine_heeds_such_a_comment(allow: str) -> None:
    for engine in default_engines():
        assert not engine.load()
        for sample in PLANTED:
            if "\n" in sample.text.strip():
                continue
            bare = {(span.start, span.end) for span in engine.find(sample.text)}
            beside = {(span.start, span.end) for span in engine.find(f"{sample.text}  # {allow}")}
            assert {start for start, _ in bare} <= {start for start, _ in beside}, (engine.name, sample.text)
