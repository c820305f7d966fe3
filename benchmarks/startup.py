"""How long `companion up` takes to its first 200, and what an idle daemon holds.

    python benchmarks/startup.py [--runs 5]

Each run has a home of its own; compiled rules are cached as for any user, so the first run of a machine is not counted.
Memory is PSS from /proc, five seconds after the start, so that engines and prices are loaded (Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

COMPANION = str(Path(sys.executable).parent / "companion")
# A proxy of the user's environment knows nothing of this machine's loopback.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def run(cache: str) -> tuple[float, float]:
    """Seconds to the first 200, and MB."""
    with tempfile.TemporaryDirectory(prefix="cmp-") as folder:
        environ = os.environ | {"COMPANION_HOME": f"{folder}/h", "COMPANION_CACHE": cache}
        began = time.perf_counter()
        command = [COMPANION, "up", "--port", "0", "--upstream", "http://127.0.0.1:9", "--json"]
        said = json.loads(subprocess.run(command, env=environ, check=True, capture_output=True).stdout)
        with DIRECT.open(f"{said['gateway']}/livez") as answer:
            assert answer.status == 200
        seconds = time.perf_counter() - began
        time.sleep(5)
        pid = json.loads(Path(folder, "h/run/daemon.json").read_text())["pid"]
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        subprocess.run([COMPANION, "down"], env=environ, check=True, capture_output=True)
    return seconds, kilobytes / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        run(cache)
        figures = [run(cache) for _ in range(given.runs)]
    for name, unit, values in (
        ("up to the first 200", "s", [seconds for seconds, _ in figures]),
        ("idle memory (PSS)", "MB", [memory for _, memory in figures]),
    ):
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{name:<22} median {middle:.2f} {unit}  ({low:.2f} to {high:.2f}, {len(values)} runs)")


if __name__ == "__main__":
    main()
