"""What the user adds to the search for secrets: rules, plugins and baselines, as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from companion.scan.secrets.baseline import Baselines
from companion.scan.secrets.engine import Engine
from companion.scan.secrets.gitleaks import Fault, Gitleaks, read_rules
from companion.scan.secrets.userplugins import UserPlugins


class UserFiles:
    """The files as they were when this was made; baselines as they are at the moment."""

    def __init__(self, rules: Path | None = None, plugins: Path | None = None, baselines: Sequence[Path] = ()) -> None:
        self._faults: dict[str, tuple[Fault, ...]] = {}
        self.engines: list[Engine] = []
        self.baselines = Baselines(baselines)
        self.paths: list[Path] = [path for path in (rules, plugins, *baselines) if path is not None]
        """Every file that decides what is found, or whose code runs: what an agent writes there needs a person."""
        if rules is not None:
            file = read_rules(rules)
            self._faults["rules"] = file.faults
            if file.rules:
                self.engines.append(Gitleaks(file))
        if plugins is not None:
            engine = UserPlugins(plugins)
            self._faults["plugins"] = engine.faults
            self.paths += dict.fromkeys(engine.files)
            if not engine.load():
                self.engines.append(engine)

    def faults(self) -> Iterator[tuple[str, Fault]]:
        """What is not in force, with the key of the configuration that names its file."""
        for key, faults in self._faults.items():
            for fault in faults:
                yield key, fault
        for fault in self.baselines.faults():
            yield "baselines", fault

    def standing(self) -> dict[str, str]:
        """What is not in force, as the scanner tells of its engines: name, and "missing: " and why."""
        found: dict[str, str] = {}
        for key, fault in self.faults():
            name = f"your {key}" if not fault.where else f"your {key}, {fault.where}"
            found[f"{name} ({len(found) + 1})" if name in found else name] = f"missing: not in force: {fault.why}"
        return found
