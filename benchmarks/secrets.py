"""How well and how fast secrets are found: every figure that is asked of the scan, against what it must be.

    python benchmarks/secrets.py [--corpora DIR] [--check] [--quick]

`--corpora` names a folder of JSON lines `{"source", "text", "kind": "pos|neg|near", "secret"?}`: other projects' test
material, which is not in this repository. Without it those figures are not measured. `--check` ends with exit code 1
when something that must be is not; `--quick` leaves out the comparison with detect-secrets, which takes a minute.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import sysconfig

if __name__ == "secrets":
    # A script's own folder comes first, so whoever asks for the standard library's module beside us gets it here.
    spec = importlib.machinery.PathFinder.find_spec("secrets", [sysconfig.get_path("stdlib")])
    assert spec is not None
    assert spec.loader is not None
    sys.modules["secrets"] = standard = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(standard)
else:
    import argparse
    import asyncio
    import base64
    import json
    import os
    import random
    import statistics
    import tempfile
    import time
    from collections import defaultdict
    from collections.abc import Callable, Iterable, Sequence
    from dataclasses import dataclass
    from pathlib import Path

    sys.path.insert(1, str(Path(__file__).parents[1]))

    from companion.scan.secrets.engine import Span, TooMuchError, allowed
    from companion.scan.secrets.merge import merge, without_placeholders
    from companion.scan.secrets.plugins import USES, _plugin
    from companion.scan.secrets.rules import load_rules
    from companion.scan.secrets.samples import decoys_of, samples_of
    from companion.scan.secrets.scanner import SecretScan, default_engines
    from companion.scan.secrets.values import is_sample
    from tests.scan.secrets import adversarial

    ENGINES = [engine for engine in default_engines() if not engine.load()]
    BLOCK = 6_000
    SOURCES = 9
    ALLOWED = 0.075
    """Seconds of a processor that the scan allows for a text of 1 MB."""

    @dataclass(frozen=True, slots=True)
    class Mark:
        """One thing that is asked; `value` None where it was not measured."""

        what: str
        value: float | None
        must: float
        aim: float | None = None
        unit: str = ""
        least: bool = False
        note: str = ""

        def reaches(self, bound: float) -> bool:
            return self.value is not None and (self.value >= bound if self.least else self.value <= bound)

        def line(self) -> str:
            sign = "≥" if self.least else "≤"
            asked = f"{sign} {self.must:g}" + (f" / {self.aim:g}" if self.aim is not None else "")
            if self.value is None:
                return f"{self.what:58} {'not measured':>16}   {asked}"
            met = "aim" if self.reaches(self.must if self.aim is None else self.aim) else "must"
            verdict = met if self.reaches(self.must) else "MISSED"
            return f"{self.what:58} {f'{self.value:.4g} {self.unit}':>16}   {asked:14} {verdict:7} {self.note}"

    @dataclass(frozen=True, slots=True)
    class Row:
        source: str
        text: str
        kind: str
        secret: str = ""

    def found(text: str) -> list[Span]:
        return merge(without_placeholders(text, [span for engine in ENGINES for span in engine.find(text)]))

    def covers(spans: Iterable[Span], start: int, end: int) -> bool:
        place = start
        for span in spans:
            if span.start > place:
                break
            place = max(place, span.end)
        return place >= end

    def best(work: Callable[[], object], rounds: int) -> float:
        """Milliseconds of processor time, the least of some rounds: neighbours on the machine count for less."""
        times = []
        for _ in range(rounds):
            begin = time.process_time()
            work()
            times.append(time.process_time() - begin)
        return min(times) * 1000

    def ordinary(dice: random.Random) -> list[str]:
        """Texts that hold no secret: the standard library's sources, and what looks random and is not secret."""
        texts: list[str] = []
        files = sorted(Path(os.__file__).parent.glob("*.py")) + sorted(Path(os.__file__).parent.glob("*/*.py"))
        for path in dice.sample(files, min(400, len(files))):
            if "test" not in path.parts[-2]:
                text = path.read_text("utf-8", "replace")
                texts += [text[at : at + BLOCK] for at in range(0, min(len(text), 5 * BLOCK), BLOCK)]
        for path in sorted((Path(__file__).parents[1] / "docs").glob("*.md")):
            texts.append(path.read_text("utf-8"))
        for _ in range(40):
            texts += unsecret(dice)
        return texts

    def unsecret(dice: random.Random) -> list[str]:
        """What looks random and is public: hashes, ids, images, signatures, minified code."""

        def hexed(size: int) -> str:
            return dice.randbytes(size).hex()

        def coded(size: int) -> str:
            return base64.b64encode(dice.randbytes(size)).decode()

        name = "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789", k=24))
        ids = [f"id: {hexed(4)}-{hexed(2)}-{hexed(2)}-{hexed(2)}-{hexed(6)}" for _ in range(60)]
        functions = [
            f"{c}=function({c}){{return {c}.key===t.token?{c}.k{n}:0}}" for n, c in enumerate("abcdefghij" * 20)
        ]
        return [
            "\n".join(f"{hexed(32)}  dist/file{n}.js" for n in range(60)),
            "\n".join(f'integrity="sha384-{coded(48)}"' for _ in range(40)),
            "data:image/png;base64," + coded(4_000),
            "\n".join(ids),
            json.dumps({"id": f"msg_01{name}", "tool_use_id": f"toolu_01{name}", "signature": coded(300)}),
            f'"resolved": "https://r.example.org/x/-/x-1.0.0.tgz#{hexed(20)}", "integrity": "sha512-{coded(64)}"',
            f"commit {hexed(20)}\nAuthor: A <a@example.org>\n\n    index {hexed(4)}..{hexed(4)} 100644\n",
            "!function(e,t){" + ";".join(functions) + "}",
        ]

    def quality(rows: Sequence[Row]) -> list[Mark]:
        own = [(rule, sample) for rule in load_rules() for sample in samples_of(rule, "bench")]
        flagged = covered = 0
        for _, sample in own:
            spans = found(sample.text)
            flagged += bool(spans)
            covered += covers(spans, sample.start, sample.end)
        recall: dict[str, list[bool]] = defaultdict(list)
        spans_of: list[bool] = []
        for row in rows:
            if row.kind != "pos":
                continue
            spans = found(row.text)
            recall[row.source].append(bool(spans))
            at = row.text.find(row.secret) if row.secret else -1
            if spans and at >= 0:
                spans_of.append(covers(spans, at, at + len(row.secret)))
        means = {source: 100 * statistics.mean(hits) for source, hits in sorted(recall.items())}
        recalled = statistics.mean(means.values()) if means else None
        spanned = 100 * statistics.mean(spans_of) if spans_of else None
        pems = [case for case in adversarial.SECRETS if case.id.startswith("pem")]
        whole = 100 * statistics.mean(map(is_hidden, pems))
        told = ", ".join(f"{source} {mean:.0f}" for source, mean in means.items())
        some = f" ({len(means)} of {SOURCES} sources)" if 0 < len(means) < SOURCES else ""
        return [
            Mark("recall, mean over foreign sources", recalled, 66, 75, "%", True, told + some),
            Mark("foreign secrets flagged whose span covers them", spanned, 98, None, "%", True),
            Mark("own samples found", 100 * flagged / len(own), 100, None, "%", True, f"{len(own)} samples"),
            Mark("own samples covered whole", 100 * covered / len(own), 100, None, "%", True),
            Mark("key blocks covered whole", whole, 100, None, "%", True, f"{len(pems)} forms"),
        ]

    def is_hidden(case: adversarial.Case) -> bool:
        rest, end = [], 0
        for span in found(case.text):
            rest.append(case.text[end : span.start])
            end = span.end
        left = "\0".join([*rest, case.text[end:]])
        return not any(piece in left for piece in case.hidden)

    def hostile() -> list[Mark]:
        cases, traps = adversarial.SECRETS, adversarial.TRAPS
        hidden = sum(map(is_hidden, cases))
        flagged = sum(bool(found(case.text)) for case in traps)
        return [
            Mark(
                "adversarial forms hidden, of 45",
                45 * hidden / len(cases),
                40,
                45,
                "",
                True,
                f"{hidden} of {len(cases)}",
            ),
            Mark("traps flagged, of 13", 13 * flagged / len(traps), 1, 0, "", False, f"{flagged} of {len(traps)}"),
        ]

    def false_findings() -> list[Mark]:
        texts = ordinary(random.Random(7))
        spans = [found(text) for text in texts]
        size = sum(map(len, texts)) / 1e6
        high = sum(span.confidence.value == "high" for of_text in spans for span in of_text)
        return [
            Mark(
                "false findings per MB of ordinary material",
                sum(map(len, spans)) / size,
                2,
                0.5,
                "/MB",
                False,
                f"{size:.1f} MB",
            ),
            Mark(
                "ordinary texts flagged",
                100 * sum(map(bool, spans)) / len(texts),
                0.5,
                None,
                "%",
                False,
                f"{len(texts)} texts",
            ),
            Mark("false findings of high confidence", high, 0, None),
        ]

    def reproduced(rows: Sequence[Row]) -> Mark:
        texts = [sample.text for rule in load_rules() for sample in samples_of(rule, "bench")]
        texts += [decoy for rule in load_rules() for decoy in decoys_of(rule)] + [row.text for row in rows]
        plugins = {use.plugin: _plugin(use) for use in USES}
        seen = hidden = 0
        for text in texts:
            spans = found(text)
            for line in text.split("\n"):
                for plugin in plugins.values():
                    for secret in set(plugin.analyze_string(line)):
                        if not is_sample(secret[-16:]):
                            at = text.find(secret) + (len(secret) - len(secret.lstrip("=: \t\"'")))
                            seen += 1
                            hidden += covers(
                                [span for span in spans if span.end > at], at, at + min(20, len(secret.strip()))
                            )
        return Mark(
            "findings of detect-secrets' regex plugins reproduced",
            100 * hidden / max(1, seen),
            100,
            None,
            "%",
            True,
            f"{seen} findings",
        )

    def speed(quick: bool) -> list[Mark]:
        text = "".join(ordinary(random.Random(3)))[:1_000_000]
        blocks = [text[at : at + BLOCK] for at in range(0, len(text), BLOCK)]
        scanner = SecretScan(b"b" * 32, default_engines())
        scanner.load()
        numbers = iter(range(1_000))

        def cold() -> None:
            mark = f"\nround {next(numbers)}"
            asyncio.run(scanner.scan([block + mark for block in blocks], ""))

        cold()
        took = best(cold, 7)
        body = json.dumps({"messages": [{"role": "user", "content": block} for block in blocks]})

        def next_turn() -> None:
            texts = [message["content"] for message in json.loads(body)["messages"]]
            asyncio.run(scanner.scan([*texts, f"{text[:2_000]} {next(numbers)}"], ""))

        next_turn()
        again = best(next_turn, 15)
        small = [text[at : at + 1_024] for at in range(0, 200 * 1_024, 1_024)]
        one = best(lambda: [found(part) for part in small], 15) / len(small)
        scanner.close()
        marks = [
            Mark("cold prompt of 1 MB", took, 60, 30, "ms"),
            Mark("next turn, 2 KB new on 1 MB (parse, digest, scan)", again, 5, 3, "ms"),
            Mark("a new text of 1 KB, all engines", one, 0.1, 0.03, "ms"),
        ]
        if quick:
            return [*marks, Mark("times as fast as detect-secrets' scan_file", None, 100, 250, "", True)]
        return [*marks, Mark("times as fast as detect-secrets' scan_file", yelp(text) / took, 100, 250, "x", True)]

    def yelp(text: str) -> float:
        from detect_secrets import SecretsCollection  # noqa: PLC0415 - it takes long to import
        from detect_secrets.settings import default_settings  # noqa: PLC0415

        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(text)
        try:
            with default_settings():
                return best(lambda: SecretsCollection().scan_file(file.name), 1)
        finally:
            Path(file.name).unlink()

    HOSTILE = (
        *("eyJhbGci.", "eyJ", "eyJhIjowfQ.", "key=", 'key="', "key=aB3dE5gH7jK9mN1p\n", "password: Kx7!mQ2v\n"),
        *("://a:b@", "http://x:y@h ", "AKIA", "ghp" + "_", '"ghp' + '_" + ', "-----BEGIN RSA PRIVATE KEY-----\nabc\n"),
        *("-----END PRIVATE KEY-----", "\\u0067", "%67%68", "\u200b", "6768705f", "cGFzc3dvcmQ", "<pass ", "$2a$"),
        *("curl -u a:", "mysql a ", "1.1.1.1 a/", 'user = "a"\npassword = "b"\n', "//h/:_authToken=npm_a "),
        *(
            "a" * 63 + " ",
            " ",
            "\n",
            '"',
            "aA1+/",
            "é",
            "\0",
            "SECRET_A_12345678 ",
            "the password is ",
            "key" + " " * 30,
        ),
    )

    def worst() -> Mark:
        slowest, what = 0.0, ""
        for part in HOSTILE:
            text = (part * (1_000_000 // len(part) + 1))[:1_000_000]

            def scan(text: str = text) -> None:
                try:
                    with allowed(ALLOWED):
                        for engine in ENGINES:
                            engine.find(text)
                except TooMuchError:
                    pass  # The text is hidden whole.

            took = best(scan, 2)
            if took > slowest:
                slowest, what = took, repr(part)
        return Mark(
            "worst hostile text of 1 MB", slowest, 100, None, "ms", False, f"{len(HOSTILE)} kinds, slowest {what[:40]}"
        )

    def read(folder: Path | None) -> list[Row]:
        rows = []
        for path in sorted(folder.glob("*.jsonl")) if folder else ():
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                rows.append(Row(row["source"], row["text"], row["kind"], row.get("secret") or ""))
        return rows

    def main() -> int:
        parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
        parser.add_argument("--corpora", type=Path)
        parser.add_argument("--check", action="store_true")
        parser.add_argument("--quick", action="store_true")
        options = parser.parse_args()
        rows = read(options.corpora)
        marks = [*quality(rows), *hostile(), *false_findings(), reproduced(rows), *speed(options.quick), worst()]
        print(f"{'':58} {'measured':>16}   must / aim")
        for mark in marks:
            print(mark.line())
        missed = [mark for mark in marks if mark.value is not None and not mark.reaches(mark.must)]
        return 1 if options.check and missed else 0

    if __name__ == "__main__":
        raise SystemExit(main())
