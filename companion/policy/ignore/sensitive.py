"""Names that look as if a file held what an agent should not read, though no rule says so. A hint, never a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Why a name looks sensitive, and the line that would keep it from agents."""

    why: str
    line: str


_WORDS = (
    (r"(?:^|[._-])(?:secrets?|passwords?|passwd|credentials?)(?:[._-]|$)", "named after secrets"),
    (
        r"(?:^|[._-])(?:private[._-]?key|api[._-]?keys?|access[._-]?keys?|tokens?)\.(?:txt|json|ya?ml|toml|ini|cfg|csv)$",
        "named after keys",
    ),
    (r"^(?:master|encryption|signing|private)[._-]?key(?:\.|$)", "named after a key"),
)
_ENDINGS = {
    ".env": "settings of an environment",
    ".sql": "a database's content",
    ".dump": "a database's content",
    ".sqlite": "a database",
    ".sqlite3": "a database",
    ".db": "a database",
    ".bak": "a backup",
    ".tfvars": "Terraform's variables",
    ".mobileprovision": "a signing profile",
    ".gpg": "encrypted on purpose",
    ".age": "encrypted on purpose",
    ".crt.key": "a key",
    ".har": "recorded requests, with their cookies",
    ".pcap": "recorded traffic",
    ".kdb": "a password store",
    ".agilekeychain": "a password store",
    ".rdp": "access to a machine",
}
_NAMES = {
    ".npmrc": "may hold a registry's token",
    ".yarnrc.yml": "may hold a registry's token",
    "auth.json": "may hold a registry's token",
    "wp-config.php": "holds a database's password",
    "localsettings.php": "holds a database's password",
    "database.yml": "may hold a database's password",
    "google-services.json": "holds keys of an app",
    "googleservice-info.plist": "holds keys of an app",
    "local.settings.json": "holds settings of a cloud function",
    ".bash_history": "what was typed in a shell",
    ".zsh_history": "what was typed in a shell",
    ".python_history": "what was typed",
    ".psql_history": "what was typed to a database",
    ".mysql_history": "what was typed to a database",
    "shadow": "password hashes",
    "authorized_keys": "who may log in",
}
_CODE = frozenset(
    (
        ".py",
        ".ts",
        ".tsx",
        ".js",
        ".jsx",
        ".go",
        ".rs",
        ".java",
        ".rb",
        ".c",
        ".h",
        ".cpp",
        ".cs",
        ".md",
        ".rst",
        ".html",
    )
)
_COMPILED = tuple((re.compile(expression), why) for expression, why in _WORDS)


def sensitive(path: str) -> Sensitive | None:
    """Why the file at `path`, relative to the workspace, looks sensitive; None when it does not. Code never does."""
    name = path.rpartition("/")[2]
    low = name.lower()
    if low in _NAMES:
        return Sensitive(_NAMES[low], _literal(name))
    dot = low.rfind(".")
    ending = low[dot:] if dot >= 0 else ""
    if ending in _CODE or low.endswith((".example", ".sample", ".template", ".dist")):
        return None
    if ending in _ENDINGS:
        return Sensitive(_ENDINGS[ending], f"*{name[dot:]}")
    for expression, why in _COMPILED:
        if expression.search(low):
            return Sensitive(why, f"/{_literal(path)}")
    return None


def propose(found: Iterable[tuple[str, Sensitive]]) -> list[str]:
    """Lines for an ignore file that cover all of them, each once."""
    return list(dict.fromkeys(why.line for _, why in found))


def _literal(text: str) -> str:
    """A pattern that matches this text alone."""
    plain = "".join(f"\\{letter}" if letter in "*?[\\" else letter for letter in text)
    plain = f"\\{plain}" if plain.startswith(("!", "#")) else plain
    return f"{plain[:-1]}\\ " if plain.endswith(" ") else plain
