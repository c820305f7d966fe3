"""Programs for disks and file systems: what only lists reads, and an image is a file like any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from companion.policy.shell.invocation import Finding, Invocation, read, write
from companion.policy.shell.options import split
from companion.policy.shell.tools import names
from companion.policy.shell.words import Value

_SETTINGS = names("bs ibs obs cbs count skip seek conv iflag oflag status iseek oseek")
_ENDLESS = re.compile(r"/dev/(?:zero|urandom|random|full)")
_FORMAT = "F q v n c L= b= m= N= i= I= O= E= T= U= t= j g= G= r= e= M= o= D="
_LISTS: dict[str, re.Pattern[str]] = {
    "fdisk": re.compile(r"-l|--list|-x|--list-details|-s|--getsz|-V|--version"),
    "sfdisk": re.compile(r"-l|--list|-d|--dump|-J|--json|-F|--list-free|-s|--show-size|-V|--verify|--version"),
    "gdisk": re.compile(r"-l"),
    "sgdisk": re.compile(r"-p|-O|--print|--print-mbr|-i\d+|-V|--version"),
    "parted": re.compile(r"-l|--list|--version"),
    "blockdev": re.compile(r"--report|--get\w+|-V|--version"),
    "cryptsetup": re.compile(r"status|isLuks|luksUUID|benchmark|-V|--version"),
    "mdadm": re.compile(r"-D|--detail|-E|--examine|-Q|--query|-V|--version"),
    "wipefs": re.compile(r"-n|--no-act|-V|--version"),
    "hdparm": re.compile(r"-I|-i|-g|-V"),
    "partprobe": re.compile(r"-ds|-sd|-d|--dry-run|--version"),
}
"""Words with which a program only tells what there is; one of them comes first."""
_NEUTRAL = re.compile(r"-[vq]|--verbose|-[sm]|--script|--machine|--scan|-J|--json|-p|--parsable")
"""Options that may stand beside them; anything else is the name of one thing to look at."""
_NAME = re.compile(r"\w[\w.-]*")


def _convert(invocation: Invocation) -> Iterator[Finding]:
    """`dd` from one file into another."""
    given: dict[str, Value] = {}
    for arg in invocation.args:
        name, equals, value = (arg.constant or "").partition("=")
        if not equals or name in given or (name not in _SETTINGS and name not in {"if", "of"}):
            yield invocation.rule("disk")
        given[name] = Value(value, arg.start, arg.end)
    source, goal = given.get("if"), given.get("of")
    endless = _ENDLESS.fullmatch(source.text or "") is not None if source is not None else not invocation.feed
    if goal is None or (endless and "count" not in given):
        yield invocation.rule("disk")
    yield invocation.runs()
    if source is not None:
        yield from read(source)
    if goal is not None:
        yield from write(goal)


def _format(invocation: Invocation) -> Iterator[Finding]:
    """`mkfs.ext4 disk.img` writes a file; on a device it is what the policy says of devices."""
    arguments = split(invocation.args, _FORMAT)
    if arguments.unknown is None and arguments.has("n"):
        yield invocation.runs()
        return
    target = arguments.operands[0].constant if arguments.operands else None
    if arguments.unknown is not None or target is None or target.startswith("/dev/"):
        yield invocation.rule("disk")
    else:
        yield from write(arguments.operands[0])


def _list(invocation: Invocation) -> Iterator[Finding]:
    listing = _LISTS[invocation.name]
    words = [arg.constant or "" for arg in invocation.args]
    said = [word for word in words if not _NEUTRAL.fullmatch(word)]
    others = [word for word in said[1:] if not listing.fullmatch(word)]
    if said and listing.fullmatch(said[0]) and len(others) <= 1 and all(map(_NAME.fullmatch, others)):
        yield invocation.runs()
    else:
        yield invocation.rule("disk")


DISKS: dict[str, Callable[[Invocation], Iterator[Finding]]] = {
    "dd": _convert,
    **dict.fromkeys(("mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "mke2fs"), _format),
    **dict.fromkeys(_LISTS, _list),
}
