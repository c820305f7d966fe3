"""How quickly and how surely text of ignored files is recognised.

    python benchmarks/fingerprints.py [--ignored DIR …] [--unrelated DIR …] [--rounds 5] [--check] [--markdown]

By default the ignored text is half of the sources of four large packages that are installed for development, what may
be read a fourth of them, and unrelated code the other packages. Other folders may be named. Of
each speed the best round counts, as the machine is shared. `--check` ends with 1 when something that must be is not.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.build import build
from companion.scan.fingerprints.prints import placed, printed
from companion.scan.fingerprints.search import Stretch, Texts, search
from companion.scan.fingerprints.store import Index, read, write
from companion.scan.fingerprints.text import compared
from companion.scan.fingerprints.walk import Walk

KEY = bytes(range(16))
RULE = IgnoreMatch(".clineignore", 1, "ignored/")
REDACT, REFUSE = 120, 200
LARGEST = 300_000
MOST_UNRELATED = 3_000
SEED = 2026
CODE = (".py", ".js", ".ts", ".c", ".h", ".go", ".rs", ".md")

PACKAGES = ("hypothesis", "mypy", "textual", "pygments")
COPIES = (*PACKAGES, "_vendor", "site-packages", "mypyc", "rich", "pydantic")
"""What also stands in the ignored packages."""
PURE, STANDARD = Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("stdlib"))


@dataclass(frozen=True)
class Mark:
    what: str
    figure: str
    value: float
    must: float
    aim: float
    least: bool
    """Whether more is better."""

    @property
    def verdict(self) -> str:
        good = (lambda asked: self.value >= asked) if self.least else (lambda asked: self.value <= asked)
        return "aim" if good(self.aim) else "pass" if good(self.must) else "FAIL"


def files(folder: Path, suffixes: Sequence[str], left_out: Sequence[str]) -> list[bytes]:
    found = []
    for path in sorted(folder.rglob("*")):
        wanted = path.suffix in suffixes and not set(path.relative_to(folder).parts) & set(left_out)
        if wanted and path.is_file() and 200 < path.stat().st_size < LARGEST:
            found.append(path.read_bytes())
    return found


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of a processor: the neighbours' share of the machine does not count."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


CHANGES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "amid other text": lambda text: f"Here is what I have read of it:\n```\n{text}\n```\nand nothing else besides.",
    "another indent": lambda text: "\n".join("        " + line.strip() for line in text.split("\n")),
    "cat -n": lambda text: "\n".join(f"{n:6d}\t{line}" for n, line in enumerate(text.split("\n"), 7)),
    "arrow": lambda text: "\n".join(f"{n:6d}→{line}" for n, line in enumerate(text.split("\n"), 7)),
    "bar": lambda text: "\n".join(f"{n} | {line}" for n, line in enumerate(text.split("\n"), 7)),
    "grep -n": lambda text: "\n".join(f"{n}:{line}" for n, line in enumerate(text.split("\n"), 7)),
    "grep -rn": lambda text: "\n".join(f"some/folder/file.py:{n}:{line}" for n, line in enumerate(text.split("\n"), 7)),
    "diff": lambda text: "@@ -1,9 +1,9 @@\n" + "\n".join("+" + line for line in text.split("\n")),
    "JSON": lambda text: json.dumps({"result": text}),
    "JSON in JSON": lambda text: json.dumps({"result": json.dumps([text])}),
}


class Bench:
    def __init__(self, ignored: Sequence[Path], unrelated: Sequence[Path], rounds: int, folder: Path) -> None:
        self.rounds = rounds
        self.chance = random.Random(SEED)
        found = [one for other in ignored for one in files(other, CODE, ())]
        self.chance.shuffle(found)
        half, rest = len(found) // 2, len(found) * 3 // 4
        self.ignored, self.allowed = found[:half], found[half:rest]
        other = [one for folder in unrelated for one in files(folder, CODE, COPIES)]
        self.unrelated = self.chance.sample(other, min(len(other), MOST_UNRELATED))
        self.top = folder / "workspace"
        for name, texts in (("ignored", self.ignored), ("allowed", self.allowed)):
            (self.top / name).mkdir(parents=True)
            for number, text in enumerate(texts):
                (self.top / name / f"{number}.py").write_bytes(text)
        self.file = folder / "index.prints"
        self.index, self.seconds = self._build()
        self.texts = Texts()

    def _build(self) -> tuple[Index, float]:
        walk = Walk(lambda path: RULE if "/ignored" in path else None, frozenset(), (), with_git=True)
        made = []

        def work() -> None:
            made[:] = [build(str(self.top), walk, KEY, "benchmark", lambda _, __: None)]

        seconds = best(work, self.rounds)
        write(self.file, *made[0])
        return read(self.file), seconds

    def search(self, text: str) -> list[Stretch]:
        return search(text, self.index.owners, KEY, self.index.header.sources, self.texts)

    def size(self, text: str) -> int:
        return max((one.size for one in self.search(text)), default=0)

    def excerpts(self, length: int, count: int) -> list[str]:
        """Of ignored files; such as say nothing by themselves or also stand elsewhere are not looked for."""
        found: list[str] = []
        while len(found) < count:
            data = self.chance.choice(self.ignored)
            if len(data) <= length:
                continue
            at = self.chance.randrange(len(data) - length)
            text = data[at : at + length].decode("utf-8", "ignore")
            anchors = [one for _, one in placed(compared(text.encode()))]
            its = printed(anchors, KEY)
            owned = self.index.owners(set(its.values()))
            known = [its[one] in owned for one in anchors]
            if not known or sum(known) * 4 >= len(known) * 3:
                found.append(text)
        return found

    def marks(self) -> list[Mark]:
        header = self.index.header
        total = header.bytes + header.allowed_bytes
        rate = total / self.seconds / 1e6
        marks = [Mark("index, reading and writing aside", f"{rate:.0f} MB/s", rate, 15, 40, least=True)]
        block, prompt = self._prompt()
        marks.append(self._speed("query, a new block of 7.6 KB of a 300 KB prompt", block, 10, 4))
        marks.append(self._speed("query, 300 KB that are all new", prompt, 100, 50))
        for length, must in ((400, 1.0), (250, 0.99)):
            cases = self.excerpts(length, 400)
            for name, change in CHANGES.items():
                share = statistics.mean(self.size(change(text)) >= REDACT for text in cases)
                marks.append(Mark(f"{length} bytes, {name}", f"{share:.2%}", share, must, must, least=True))
        sizes = [self.size(one.decode("utf-8", "replace")) for one in self.unrelated]
        for least, must, aim in ((REDACT, 0.02, 0.01), (REFUSE, 0.005, 0.001)):
            share = statistics.mean(size >= least for size in sizes)
            what = f"false alarms of {least} bytes and more, {len(sizes):,} texts"
            marks.append(Mark(what, f"{share:.2%}", share, must, aim, least=False))
        stall = self._stall(prompt)
        marks.append(Mark("others wait for a search of 300 KB, longest", f"{stall:.1f} ms", stall, 20, 10, least=False))
        return marks

    def _prompt(self) -> tuple[str, str]:
        text = "\n".join(one.decode("utf-8", "replace") for one in self.unrelated)
        return text[100_000:107_600], text[:300_000]

    def _speed(self, what: str, text: str, must: float, aim: float) -> Mark:
        milliseconds = best(lambda: self.search(text), self.rounds * 4) * 1000
        return Mark(what, f"{milliseconds:.2f} ms", milliseconds, must, aim, least=False)

    def _search_and_say(self, text: str, done: threading.Event) -> None:
        self.search(text)
        done.set()

    def _stall(self, text: str) -> float:
        """How long another thread that wants to run each millisecond is kept from it, at most, in the best round."""
        longest = []
        for _ in range(self.rounds):
            done = threading.Event()
            thread = threading.Thread(target=self._search_and_say, args=(text, done))
            thread.start()
            worst, before = 0.0, time.perf_counter()
            while not done.is_set():
                time.sleep(0.001)
                now = time.perf_counter()
                worst, before = max(worst, now - before), now
            thread.join()
            longest.append(worst * 1000)
        return min(longest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ignored", type=Path, nargs="*", default=[PURE / one for one in PACKAGES])
    parser.add_argument("--unrelated", type=Path, nargs="*", default=[PURE])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(given.ignored, given.unrelated, given.rounds, Path(folder))
        header, size = bench.index.header, bench.file.stat().st_size
        marks = bench.marks()
    told = f"{header.bytes / 1e6:.1f} MB ignored, {header.allowed_bytes / 1e6:.1f} MB allowed, {header.prints:,} prints"
    print(f"{told}, {size / 1e6:.1f} MB on disk\n")
    for mark in marks:
        if given.markdown:
            print(f"| {mark.what} | {mark.figure} | {mark.must:g} | {mark.aim:g} | {mark.verdict} |")
        else:
            print(f"{mark.what:<60} {mark.figure:>10}  must {mark.must:g}  aim {mark.aim:g}  {mark.verdict}")
    return int(given.check and any(mark.verdict == "FAIL" for mark in marks))


if __name__ == "__main__":
    sys.exit(main())
