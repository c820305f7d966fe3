"""What a git command does. What is not known to read is a change, and the destructive ones are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import NAMES, TRACKED
from companion.policy.shell.gitlocal import judge_local
from companion.policy.shell.gitobjects import read_object
from companion.policy.shell.gitplace import is_planted
from companion.policy.shell.gitpush import judge_push
from companion.policy.shell.gitstash import judge_stash_show
from companion.policy.shell.invocation import Finding, Inner, Invocation, Look, read
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.state import join
from companion.policy.shell.words import Value

_GLOBAL = "C= P no-pager no-optional-locks literal-pathspecs no-replace-objects no-advice"
_GLOBAL_VALUED = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--exec-path"})

_DIFF = (
    "p u s U= R a w b W z patch no-patch unified= raw stat~ numstat shortstat dirstat~ summary "
    "patch-with-stat name-only "
    "name-status color~ no-color word-diff~ color-words~ ignore-all-space ignore-space-change ignore-blank-lines "
    "ignore-space-at-eol ignore-cr-at-eol M~ C~ D B~ find-renames~ find-copies~ find-copies-harder no-renames "
    "diff-filter= S= G= pickaxe-regex pickaxe-all text binary full-index abbrev~ check exit-code quiet "
    "minimal histogram "
    "patience diff-algorithm= anchored= function-context inter-hunk-context= cached staged merge-base relative~ "
    "submodule~ no-ext-diff no-textconv no-prefix src-prefix= dst-prefix= compact-summary indent-heuristic "
    "color-moved~ ours theirs base cc c m"
)
_LOG = (
    _DIFF + " # n= i E F P L= g max-count= skip= since= after= until= before= author= committer= grep= all-match "
    "invert-grep regexp-ignore-case extended-regexp fixed-strings perl-regexp all branches~ tags~ "
    "remotes~ glob= exclude= "
    "first-parent merges no-merges min-parents= max-parents= reverse decorate~ no-decorate "
    "decorate-refs= format= pretty~ "
    "oneline graph abbrev-commit no-abbrev-commit date= relative-date follow left-right left-only "
    "right-only cherry-pick "
    "cherry-mark cherry boundary topo-order date-order author-date-order walk-reflogs "
    "simplify-by-decoration full-history "
    "ancestry-path~ no-walk~ parents children source encoding= notes~ no-notes log-size full-diff count objects"
)

_READING: dict[str, str] = {
    "status": "s b u~ z v short branch porcelain~ long verbose untracked-files~ ignored~ show-stash ahead-behind "
    "no-ahead-behind column~ no-column renames no-renames find-renames~ ignore-submodules~",
    "log": _LOG,
    "show": _LOG,
    "diff": _DIFF,
    "diff-tree": _DIFF + " r t root no-commit-id pretty~ format= always",
    "diff-index": _DIFF,
    "diff-files": _DIFF,
    "whatchanged": _LOG,
    "shortlog": "n s e c w~ numbered summary email committer group= format= since= after= until= before= no-merges all",
    "blame": "b c f l L= M~ C~ n p s t w e date= root porcelain line-porcelain incremental show-name show-number "
    "show-email color-lines color-by-age abbrev= progress no-progress since= first-parent",
    "annotate": "l L= w t",
    "grep": "# A= B= C= E F G H I L P W a c e= h i l n o p q r v w z after-context= before-context= context= cached "
    "extended-regexp basic-regexp fixed-strings perl-regexp count name-only files-with-matches files-without-match "
    "ignore-case invert-match word-regexp line-number column heading break color~ no-color max-depth= max-count= m= "
    "only-matching quiet show-function function-context text and or not all-match threads= recursive no-recursive",
    "ls-files": "c d i k m o s t u v z x= f cached deleted modified others ignored stage unmerged killed directory "
    "no-empty-directory exclude= exclude-standard error-unmatch full-name abbrev~ eol deduplicate format= "
    "recurse-submodules",
    "ls-tree": "d r t l z long name-only name-status object-only full-name full-tree abbrev~ format=",
    "rev-parse": "q verify quiet short~ symbolic symbolic-full-name abbrev-ref~ all branches~ tags~ remotes~ glob= "
    "show-toplevel show-prefix show-cdup show-superproject-working-tree git-dir absolute-git-dir git-common-dir "
    "is-inside-work-tree is-inside-git-dir is-bare-repository is-shallow-repository show-object-format~ path-format= "
    "revs-only no-revs flags no-flags sq git-path= since= until= default= not",
    "rev-list": _LOG,
    "describe": "all tags contains abbrev= candidates= exact-match debug long match= exclude= always first-parent "
    "dirty~ "
    "broken~",
    "name-rev": "tags refs= exclude= all name-only no-undefined always",
    "merge-base": "a all octopus independent is-ancestor fork-point",
    "cherry": "v abbrev~",
    "count-objects": "v H verbose human-readable",
    "for-each-ref": "count= sort= format= color~ points-at= merged~ no-merged~ contains~ no-contains~ ignore-case",
    "show-ref": "head heads tags branches d dereference s hash~ verify abbrev~ q quiet exists",
    "show-branch": "a r all remotes current topo-order date-order sparse list independent merge-base sha1-name",
    "cat-file": "t s e p",
    "version": "build-options",
    "verify-commit": "v raw verbose",
    "verify-tag": "v raw verbose",
    "range-diff": _DIFF + " no-dual-color creation-factor= left-only right-only",
    "var": "",
    "check-mailmap": "",
    "check-ref-format": "branch normalize",
    "get-tar-commit-id": "",
    "patch-id": "stable unstable",
    "stripspace": "s c",
    "fsck": "full strict unreachable dangling no-dangling connectivity-only root tags cache no-reflogs verbose "
    "progress",
    "diff-pairs": "",
    "hash-object": "stdin t=",
}
"""Subcommands that only read, with the options under which that holds."""

_LISTING: dict[str, str] = {
    "branch": "a r v l list all remotes remote verbose show-current contains~ no-contains~ merged~ no-merged~ "
    "points-at= sort= "
    "format= color~ no-color column~ no-column abbrev= no-abbrev i ignore-case",
    "tag": "l list n~ contains~ no-contains~ merged~ no-merged~ points-at= sort= format= color~ column~ no-column i",
    "remote": "v verbose",
}
"""Subcommands that read as long as they have no operand, or have one behind `-l` or `--list`."""

_NAMING = {"check-ignore": "q v n z quiet verbose non-matching no-index", "check-attr": "a z all cached"}
"""What says which rules hold for the paths it is given, and looks into none of them."""
_NESTED: dict[tuple[str, str], str] = {
    ("stash", "list"): _LOG,
    ("rerere", "status"): "",
    ("rerere", "diff"): "",
    ("rerere", "remaining"): "",
    ("remote", "get-url"): "all push",
    ("worktree", "list"): "porcelain v z verbose",
    ("reflog", "show"): _LOG,
    ("submodule", "status"): "cached recursive",
    ("notes", "list"): "",
    ("notes", "show"): "",
    ("bisect", "log"): "",
    ("bisect", "view"): "",
    ("bisect", "visualize"): "",
    ("lfs", "ls-files"): "",
    ("lfs", "env"): "",
    ("lfs", "status"): "",
    ("lfs", "version"): "",
    ("replace", "-l"): "",
    ("replace", "--list"): "",
    ("sparse-checkout", "list"): "",
    ("bundle", "verify"): "",
    ("maintenance", "help"): "",
}
_SECRET_KEYS = re.compile(r"header|credential|password|token|secret|key|url", re.IGNORECASE)
_NETWORK = frozenset(
    {"fetch", "pull", "clone", "ls-remote", "submodule", "lfs", "send-email", "request-pull", "svn", "p4"}
)
_HISTORY = frozenset({"filter-branch", "filter-repo", "update-ref", "gc", "prune", "replace", "fast-import", "repack"})
_DANGEROUS_CONFIG = frozenset({"config", "credential", "daemon", "instaweb", "http-backend", "shell", "hook"})


def judge_git(invocation: Invocation) -> Iterator[Finding]:
    """The findings of one git command."""
    if invocation.words in ((), ("--help",), ("-h",), ("--version",), ("-v",)) or invocation.words[:1] == ("help",):
        yield invocation.runs()
        return
    rest = invocation.args
    folder: Value | None = None
    look = invocation.git
    while rest and (rest[0].text or "").startswith("-"):
        text = rest[0].constant or ""
        if text == "-C" and len(rest) > 1 and folder is None:
            folder = rest[1]
        elif text[:2] in {"-C", "-c"} or text.partition("=")[0] in _GLOBAL_VALUED or split(rest[:1], _GLOBAL).unknown:
            yield invocation.rule("git-option", text.partition("=")[0], rest[0])
            look = None
        rest = rest[2 if text in _GLOBAL_VALUED else 1 :]
    if not rest or rest[0].constant is None:
        yield invocation.rule("unknown-program", "git without a subcommand", rest[0] if rest else None)
        return
    if folder is not None and look is not None:
        look = _look_in(look, folder.constant)
    if look is not None and is_planted(look):
        yield invocation.rule("git-option", "in a folder that holds what .git holds")
    here = replace(invocation, args=rest[1:], git=look)
    findings = _subcommand(here, rest[0].constant)
    if folder is not None:
        yield from read(folder, TRACKED)
        findings = (_inside(finding, folder.constant) for finding in findings)
    yield from findings


def _look_in(look: Look, folder: str | None) -> Look | None:
    if folder is None:
        return None
    return lambda path: look(path if path.startswith("~/") else join(folder, path))


def _inside(finding: Finding, folder: str | None) -> Finding:
    if not isinstance(finding, Effect) or finding.kind is not EffectKind.READ or folder is None:
        return finding
    return replace(finding, target=join(folder, finding.target))


def _subcommand(invocation: Invocation, name: str) -> Iterator[Finding]:
    args, words = invocation.args, invocation.words
    nested = (name, words[0] if words else "")
    if words == ("--help",):
        yield invocation.runs()
        return
    if name in _NAMING:
        yield from _naming(invocation, _NAMING[name])
    elif nested == ("stash", "show"):
        yield from judge_stash_show(replace(invocation, args=args[1:]))
    elif nested in _NESTED:
        yield from _reading(replace(invocation, args=args[1:]), _NESTED[nested])
    elif name in _READING:
        yield from _reading(invocation, _READING[name], pattern=name == "grep")
    elif name == "reflog" and (not words or words[0].startswith("-")):
        yield from _reading(invocation, _LOG)
    elif local := judge_local(invocation, name):
        yield from local
    elif name == "push":
        yield from judge_push(invocation, invocation.git)
    elif (name == "config" and _reads_one_key(words)) or (name in _LISTING and _lists(split(args, _LISTING[name]))):
        yield invocation.runs()
    else:
        code = _danger(name, words)
        shown = f"{name} {words[0]}" if code == "git-history" and words else name
        yield invocation.rule(code, "the remote" if code == "network" else shown)
        if nested in {("submodule", "foreach"), ("bisect", "run")} and len(args) > 1:
            yield Inner(args[1:])


def _reads_one_key(words: tuple[str, ...]) -> bool:
    rest = [word for word in words if word not in {"--local", "--global", "--system", "--null", "-z"}]
    return len(rest) == 2 and rest[0] in {"--get", "--get-all", "get"} and not _SECRET_KEYS.search(rest[1])


def _lists(arguments: Arguments) -> bool:
    listing = ("l", "list", "contains", "no-contains", "merged", "no-merged")
    return arguments.unknown is None and (not arguments.operands or arguments.has(*listing))


def _reading(invocation: Invocation, options: str, *, pattern: bool = False) -> Iterator[Finding]:
    arguments = split(invocation.args, options)
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
        return
    yield invocation.runs()
    yield from read(Value(".", invocation.start, invocation.end), TRACKED)
    operands = arguments.operands[1 if pattern and not arguments.has("e") else 0 :]
    for operand in operands:
        yield from read_object(invocation, operand)
    if "L" in arguments.given and (text := arguments.given["L"].text) and ":" in text:
        yield from read(replace(arguments.given["L"], text=text.rpartition(":")[2]), TRACKED)


def _naming(invocation: Invocation, options: str) -> Iterator[Finding]:
    arguments = split(invocation.args, options)
    if arguments.unknown is not None:
        yield invocation.refuse(arguments.unknown)
        return
    yield invocation.runs()
    for operand in arguments.operands:
        yield from read(operand, NAMES)


_Check = Callable[[tuple[str, ...]], bool]


def _short(words: tuple[str, ...], letters: str) -> bool:
    return any(re.match(rf"-[a-zA-Z]*[{letters}]", word) for word in words)


def _long(words: tuple[str, ...], *names: str) -> bool:
    """Whether one of the options is given, perhaps abbreviated, as git accepts it."""
    given = [word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 3]
    return any(name.startswith(word) for word in given for name in names)


def _only_lists(words: tuple[str, ...]) -> bool:
    """With -n nothing is deleted, whatever else is asked for."""
    return (_short(words, "n") or _long(words, "--dry-run")) and not _long(words, "--no-dry-run")


def _discards(words: tuple[str, ...]) -> bool:
    return "--" in words or "." in words or _short(words, "fB") or _long(words, "--force", "--ours", "--theirs")


_DANGERS: tuple[tuple[str, _Check, str], ...] = (
    ("reset", lambda words: _long(words, "--hard", "--merge"), "git-reset-hard"),
    ("clean", lambda words: not _only_lists(words), "git-clean"),
    ("clean", lambda _: True, "git-fetch"),
    ("checkout", _discards, "git-discard"),
    ("switch", lambda words: _short(words, "fC") or _long(words, "--force", "--discard-changes"), "git-discard"),
    ("restore", lambda _: True, "git-discard"),
    ("checkout-index", lambda _: True, "git-discard"),
    ("rm", lambda _: True, "git-discard"),
    ("branch", lambda words: _short(words, "dDfMC") or _long(words, "--delete", "--force"), "git-branch-delete"),
    ("tag", lambda words: _short(words, "df") or _long(words, "--delete", "--force"), "git-branch-delete"),
    ("stash", lambda words: words[:1] in {("drop",), ("clear",)}, "git-stash-drop"),
    ("reflog", lambda _: True, "git-history"),
    ("worktree", lambda words: words[:1] in {("remove",), ("prune",)}, "git-discard"),
    ("remote", lambda words: words[:1] == ("show",) or words[:1] == ("update",), "network"),
    ("rebase", lambda words: _short(words, "x") or _long(words, "--exec"), "git-option"),
)

_CHANGING = frozenset(
    {"add", "am", "apply", "archive", "bisect", "branch", "bundle", "checkout", "cherry-pick", "commit", "commit-graph"}
    | {"format-patch", "init", "maintenance", "merge", "mergetool", "difftool", "mv", "notes", "pack-refs", "read-tree"}
    | {"rebase", "remote", "rerere", "reset", "revert", "sparse-checkout", "stage", "stash", "switch", "symbolic-ref"}
    | {"tag", "update-index", "worktree", "write-tree", "commit-tree", "hash-object", "fsck", "gui", "citool"}
)


def _danger(name: str, words: tuple[str, ...]) -> str:
    for subcommand, holds, code in _DANGERS:
        if subcommand == name and holds(words):
            return code
    if name in _HISTORY:
        return "git-history"
    if name in _DANGEROUS_CONFIG:
        return "git-config"
    if name in _NETWORK:
        return "network"
    return "git-change" if name in _CHANGING else "unknown-program"
