"""Programs that show things whatever their options say, but for the few options that are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.effects import NAMES, TRACKED, TREE, WEB_READ
from companion.policy.shell.hosts import ASKERS, asked_hosts
from companion.policy.shell.invocation import Finding, Inner, Invocation, read
from companion.policy.shell.knowledge import Operands
from companion.policy.shell.tools import asks_for_help
from companion.policy.shell.words import Value

_CODES = {Operands.CONTENT: "", Operands.NAMES: NAMES}


@dataclass(frozen=True, slots=True)
class Viewer:
    """`refused` are options with which it does more than to show: letters for `-o`, words for `--output`."""

    operands: Operands = Operands.TEXT
    refused: str = ""
    valued: str = ""
    """Letters and words of options whose value is the next word."""
    only: str = ""
    """A pattern that the first word has to match; "" is any, and none."""
    neutral: str = ""
    """Options that say nothing of what it does and may stand before that first word."""
    anywhere: bool = False
    """Whether a word that matches `only` may stand anywhere, since it changes what all others do."""
    most: int | None = None
    """The most operands that it may have; one more sets something."""
    single: bool = False
    """Whether `-abc` is one option instead of three."""
    alone: bool = True
    """Whether it only shows when it is called without a word."""


def _table(names: str, viewer: Viewer) -> dict[str, Viewer]:
    return dict.fromkeys(names.split(), viewer)


_CONTENT = Viewer(Operands.CONTENT)
_NAMES = Viewer(Operands.NAMES)
_TEXT = Viewer()
_MEASURES = Viewer(refused="o output out e output-file")

VIEWERS: dict[str, Viewer] = {
    **_table("zcat bzcat xzcat lz4cat zstdcat funzip zipinfo bzmore xzmore zmore more zstdless", _CONTENT),
    **_table("bat batcat", Viewer(Operands.CONTENT, refused="pager P")),
    **_table(
        "less zless xzless",
        Viewer(
            Operands.CONTENT,
            refused="o O log-file LOG-FILE k lesskey-file lesskey-src lesskey-content K",
            alone=False,
        ),
    ),
    **_table("nm objdump readelf size dwarfdump dyld_info otool", Viewer(Operands.CONTENT, refused="plugin")),
    **_table("ldd", Viewer(Operands.TEXT, only="--version", alone=False)),
    **_table("exa eza lsd vdir ll la", _NAMES),
    **_table("md5 sum md5deep sha1 sha256 sha512 crc32 b3sum xxhsum rhash", _CONTENT),
    **_table("col colrm diff3 diffstat lam look pr rs ul unvis vis what tsort jot ts", _CONTENT),
    **_table("units bc", Viewer(Operands.CONTENT, alone=True)),
    **_table("locate mdfind plocate", Viewer(refused="U u updatedb onlyin-exec")),
    **_table("mdls", _NAMES),
    **_table("finger last logname users w who hostinfo machine pagesize klist lslogins lastb", _TEXT),
    **_table("lastlog", Viewer(refused="C clear S set R root")),
    **_table(
        "atos footprint heap leaks vmmap fs_usage lsmp lskq lsvfs powermetrics", Viewer(refused="o output-file out")
    ),
    **_table("sample", Viewer(single=True, refused="file", alone=False)),
    **_table(
        "htop btop top iostat vm_stat vmstat mpstat pidstat nettop iotop ipcs ioreg lpstat pgrep sar dstat", _MEASURES
    ),
    **_table(
        "system_profiler lsblk lscpu lsmem lspci lsusb lsmod lsns lsipc dmidecode acpi sensors numastat",
        Viewer(refused="s set dump-bin from-dump q xml-output"),
    ),
    **_table("findmnt blkid getfacl lsattr getfattr namei", _NAMES),
    **_table("lsof", Viewer(refused="m", valued="i p u c d")),
    **_table("pstree pmap pidof", _TEXT),
    **_table("netstat ss arp", Viewer(refused="K kill d s delete set f file D diag", alone=True)),
    **_table("route", Viewer(only=r"get|show|print", neutral="-n -ne -e -ee -v -4 -6")),
    **_table("ping ping6 traceroute traceroute6 tracepath mtr dig nslookup host whois drill", Viewer(refused="f k")),
    **_table("type whereis apropos whatis info tldr cheat", Viewer(refused="o output u update")),
    **_table("man", Viewer(refused="html H pager P browser gxditview X T troff-device C config-file M l")),
    **_table("help", _TEXT),
    **_table(
        "cloc tokei scc",
        Viewer(
            Operands.CONTENT,
            refused="out report-file write-lang-def o output extract-with vcs git config use-sloccount sdir "
            "categorized counted ignored found sql sql-project strip-comments strip-code list-file "
            "diff-list-file diff-list-files",
        ),
    ),
    **_table("tiffinfo tiffdump webpinfo sndfile-info rdjpgcom opj_dump heif-info afinfo", _CONTENT),
    **_table("ffprobe mediainfo pdfinfo pdffonts", Viewer(Operands.TEXT, refused="o report f_err")),
    **_table("clear reset tput tabs", _TEXT),
    **_table("jobs", Viewer(refused="x")),
    **_table("xq xmllint", Viewer(Operands.CONTENT, refused="output shell o i in-place")),
    **_table(
        "yq",
        Viewer(Operands.CONTENT, refused="i inplace in-place s split-exp w write f from-file", valued="p o I indent"),
    ),
    **_table("gron jless", Viewer(Operands.CONTENT, refused="o out w write")),
    **_table("dasel", Viewer(Operands.CONTENT, only=r"(?!(?:put|delete)$).*", refused="o out w write")),
    # Its further words are programs in JavaScript.
    **_table("fx", Viewer(Operands.CONTENT, most=1)),
    **_table("csvlook csvstat csvcut csvgrep csvsort csvjson", _CONTENT),
    **_table("iconv", Viewer(Operands.CONTENT, refused="o output", valued="f t from-code to-code")),
    **_table(
        "fd fdfind",
        Viewer(
            Operands.NAMES,
            refused="x exec X exec-batch",
            valued="t e d E S c j type extension size changed-within changed-before max-depth exclude",
        ),
    ),
    **_table("ag ack", Viewer(Operands.TEXT, refused="pager ackrc output")),
    **_table(
        "fzf",
        Viewer(refused="listen listen-unsafe become preview with-shell history", valued="n q d m e f", single=True),
    ),
    **_table("dmesg", Viewer(refused="C clear c read-clear D console-off E console-on F file", valued="l f n s")),
    **_table(
        "journalctl",
        Viewer(
            refused="rotate vacuum-size vacuum-time vacuum-files flush sync relinquish-var smart-relinquish-var "
            "setup-keys update-catalog cursor-file root image M machine D directory file i",
            valued="u t p o n S U b g",
        ),
    ),
    **_table("ifconfig", Viewer(most=1, only=r"-[asv]+|[\w.:]+", refused="arp promisc allmulti noarp", single=True)),
    **_table("iwconfig", Viewer(most=1)),
    **_table("scutil", Viewer(only=r"--(?:get|proxy|dns|nwi|nc)|-r|-w|--help", alone=False)),
    **_table("networksetup", Viewer(only=r"(?i)-(?:get|list|show|is|version|help|print)\w*", alone=False, single=True)),
    **_table(
        "pkgutil",
        Viewer(
            only=r"--(?:packages|pkgs|files|export-plist|pkg-info|pkg-info-plist|pkg-groups|groups|group-pkgs|payload-files"
            r"|help|lsbom|file-info|file-info-plist|check-signature|volume|regexp|only-\w+|verbose|pkgs-plist)(?:=.*)?|-[vh]",
            alone=False,
            single=True,
            refused="forget learn expand expand-full flatten edit-pkg repair",
        ),
    ),
    **_table("defaults", Viewer(only=r"read|read-type|domains|find|help", neutral="-currentHost")),
    **_table("symbols", Viewer(Operands.NAMES, refused="saveSignature", single=True)),
    **_table(
        "codesign", Viewer(only=r"-d\w*|-v\w*|--display|--verify|-h|--help", refused="s sign f force remove-signature")
    ),
    **_table(
        "sips", Viewer(only=r"-g|--getProperty|--verify|-v|--help|-h|--formats|-1|--oneLine", refused="o out s z c r f")
    ),
    **_table(
        "plutil", Viewer(only=r"-(?:lint|p|help|extract|type)", refused="o insert replace remove convert", single=True)
    ),
    **_table("qlmanage", Viewer(only="-[tpmh]", refused="o r", single=True)),
    **_table("textutil", Viewer(only=r"-(?:info|help|stdout)", refused="output convert extension", single=True)),
    **_table("mdimport", Viewer(only=r"-[tLXAe]|-d\d|-h", refused="r i", single=True)),
    **_table("say", Viewer(refused="o output-file n network-send f input-file")),
    **_table("lipo", Viewer(Operands.NAMES, refused="output create replace extract remove thin", single=True)),
    **_table("compression_tool", Viewer(only="-encode|-decode|-h", refused="o i", single=True)),
    **_table("xattr", Viewer(only=r"-[lprvszxh]+|[^-].*", refused="w d c")),
    **_table(
        "dscl",
        Viewer(
            only=r"\S+|-(?:plist|raw|url|q)",
            refused="create delete append merge change changei passwd P u f",
            single=True,
        ),
    ),
    **_table("sysctl", Viewer(refused="w write p load system f", alone=False)),
    **_table("prometheus alertmanager grafana-server node_exporter", Viewer(only=r"--version|--help|-h", alone=False)),
    **_table("mktemp", Viewer(only=r"-u\w*|--dry-run|--version", alone=False)),
    **_table("crontab", Viewer(only="-l", alone=False)),
    **_table("atq mailq", _TEXT),
    **_table(
        "iptables ip6tables",
        Viewer(
            only=r"-[LSnv]+|--list(?:-rules)?|--version|-h", refused="A D I R F Z N X P E t", single=False, alone=False
        ),
    ),
    **_table("nft", Viewer(only="list|-v|-h", neutral="-a -n -j", refused="f file i", alone=False)),
    **_table(
        "firewall-cmd",
        Viewer(only=r"--(?:state|list-\w+|get-\w+|info-\w+|query-\w+|version|help)(?:=.*)?", alone=False),
    ),
    **_table(
        "dpkg",
        Viewer(
            only=r"-[lLsSpCV]|--(?:list|listfiles|status|search|print-avail|audit|verify|version|help|get-selections|print-architecture)",
            alone=False,
        ),
    ),
    **_table("dpkg-query", _TEXT),
    **_table(
        "rpm",
        Viewer(
            only=r"-q\w*|--query|-V\w*|--verify|--version|--help|--eval",
            refused="e i U F erase install upgrade freshen import rebuilddb initdb pipe E eval define D",
            alone=False,
        ),
    ),
    **_table(
        "pacman", Viewer(only=r"-Q\w*|-Ss|-Si|-Sl|-Sg|-F\w*|-V|-h|-T", refused="noconfirm", alone=False, single=True)
    ),
    **_table("swift-demangle c++filt addr2line", _TEXT),
    **_table("shellcheck hadolint yamllint jsonlint", Viewer(Operands.CONTENT)),
    **_table("actionlint", Viewer(refused="shellcheck pyflakes config-file init-config")),
    **_table(
        "flake8 pylint pyflakes pycodestyle bandit",
        Viewer(Operands.NAMES, refused="output-file o tee fix load-plugins init-hook rcfile config append-config"),
    ),
    **_table("ssh-keyscan", Viewer(refused="f")),
    **_table("getent", _TEXT),
    **_table("getopt", _TEXT),
    **_table("figlet cowsay fortune lolcat", Viewer(refused="f")),
    **_table("ncal", _TEXT),
    **_table("fuser", Viewer(refused="k kill K", alone=False)),
    **_table("7z 7za 7zz 7zr", Viewer(Operands.TEXT, only=r"[ltbih]|--help|-h", refused="o p", single=True)),
    **_table(
        "isort",
        Viewer(
            anywhere=True,
            only=r"--check(?:-only)?|-c|--diff|-d|--version|--show-\w+",
            refused="atomic o output",
            alone=False,
        ),
    ),
    **_table("black", Viewer(anywhere=True, only=r"--check|--diff|--version", refused="c code config", alone=False)),
    **_table(
        "prettier",
        Viewer(
            anywhere=True,
            only=r"--check|-c|--list-different|-l|--version",
            refused="w write plugin config",
            alone=False,
        ),
    ),
}


_SCREENS = frozenset({"top", "htop", "btop", "iotop", "nettop"})
_ENDS = re.compile(r"-\w*[bnlLhVv]|--(?:batch|iterations?|help|version)")
_QUERIES = frozenset({"yq", "xq"})
_QUERY_REACHES = re.compile(r"\$?\b(?:env|ENV|strenv|envsubst|load\w*|system|input_filename|import|include)\b")
"""Words of a query that read the environment or files, or run programs."""
_DIRECTORY_READS = r"-?(?:read|readall|readpli?|list|search|diff|help)"


def judge_viewer(invocation: Invocation, viewer: Viewer) -> Iterator[Finding]:
    """What one call of a program in VIEWERS does."""
    words = invocation.words
    # Behind other words it may come too late.
    if len(words) == 1 and words[0] != "help" and asks_for_help([arg.constant for arg in invocation.args]):
        yield invocation.runs()
        return
    if not words and not viewer.alone and not invocation.feed:
        yield invocation.rule("unknown-word", f"{invocation.name} alone")
        return
    neutral = viewer.neutral.split()
    telling = words if viewer.anywhere else tuple(word for word in words if word not in neutral)[:1]
    if viewer.only and words and not any(re.fullmatch(viewer.only, word) for word in telling):
        yield invocation.rule("unknown-option", words[0] or "this word", invocation.args[0])
        return
    if invocation.name in {"fd", "fdfind"}:
        invocation, inner = _without_command(invocation)
        yield from inner
    operands: list[Value] = []
    skip = False
    valued = viewer.valued.split()
    for arg in invocation.args:
        text = arg.text
        if skip:
            skip = False
        elif text is None or (arg.glob and text[:1] in {"*", "?", "["}):
            if viewer.refused or viewer.only:
                yield invocation.refuse(arg)
            operands.append(arg)
        elif text.startswith(("-", "+")) and len(text) > 1:
            name = text.lstrip("-").partition("=")[0]
            if (text[0] == "+" and invocation.name != "say") or _refuses(text, name, viewer):
                yield invocation.rule("unknown-option", text, arg)
            skip = name in valued and "=" not in text
            if "=" in text and viewer.operands is not Operands.TEXT and "/" in text:
                operands.append(Value(text.partition("=")[2], arg.start, arg.end, glob=arg.glob))
        else:
            operands.append(arg)
    if invocation.name in _QUERIES and any(_QUERY_REACHES.search(word) for word in words):
        yield invocation.rule("reads-environment", f"this {invocation.name} program")
    if invocation.name == "yq":
        # Its expression, behind what it may be told to do with it.
        operands = operands[2 if operands and operands[0].text in {"e", "ea", "eval", "eval-all"} else 1 :]
    if viewer.most is not None and len(operands) > viewer.most:
        yield invocation.rule("unknown-option", operands[-1].text or "this word", operands[-1])
    if invocation.name == "sysctl" and any("=" in (operand.text or "=") for operand in operands):
        yield invocation.rule("service", "sysctl")
    if invocation.name == "fzf" and any(
        re.search(r"(?:execute|become|reload|transform(?!-))", word) for word in words if "bind" in word or ":" in word
    ):
        yield invocation.rule("unknown-option", "a binding that runs a command")
    if invocation.name in _SCREENS and not any(_ENDS.match(word) for word in words):
        yield invocation.rule("never-ends")
    if invocation.name == "dscl" and not any(re.fullmatch(_DIRECTORY_READS, word) for word in words):
        yield invocation.rule("unknown-option", "this use of dscl")
    if invocation.name in ASKERS:
        for host in dict.fromkeys(asked_hosts(invocation.name, invocation.args)):
            yield Effect(
                EffectKind.NETWORK, host, invocation.start, invocation.end, WEB_READ if len(host) < 100 else "network"
            )
    yield invocation.runs()
    code = _CODES.get(viewer.operands)
    if code is not None:
        for operand in operands:
            if operand.constant != "-":
                yield from read(operand, code)


def _without_command(invocation: Invocation) -> tuple[Invocation, list[Finding]]:
    """Fd without its -x, and the command that it runs for each match."""
    at = next((n for n, word in enumerate(invocation.words) if word in {"-x", "-X", "--exec", "--exec-batch"}), None)
    if at is None:
        return invocation, []
    here = replace(invocation, args=invocation.args[:at])
    found = Value(None, invocation.start, invocation.end, listed=found_files(here), is_path=True)
    # Of a name it can put in a part, or the folder.
    part = Value(None, invocation.start, invocation.end)
    words = [
        found if arg.text == "{}" else part if _PART.search(arg.text or "") else arg
        for arg in invocation.args[at + 1 :]
    ]
    given = words if any(word in (found, part) for word in words) else [*words, found]
    return here, [Inner(tuple(given))] if words else []


_PART = re.compile(r"\{(?:|/|//|\.|/\.)\}")
_FD_ALL = re.compile(r"-[A-Za-z]*[HIuCLa].*|--(?:hid|no-i|unr|search-p|base-d|fol|no-g|and-|abs).*")


def found_files(invocation: Invocation) -> tuple[Effect, ...]:
    """Reads of what fd finds: what the repository keeps, unless it is told to look at more or elsewhere."""
    words = invocation.words
    everything = any(_FD_ALL.fullmatch(word) for word in words)
    folders = [arg for arg in invocation.args if not (arg.text or "").startswith("-")][1:]
    here = Value(".", invocation.start, invocation.end)
    named = tuple(effect for folder in folders for effect in read(folder, TREE))
    return (*read(here, TREE if everything else TRACKED), *named)


def _refuses(text: str, name: str, viewer: Viewer) -> bool:
    refused = viewer.refused.split()
    if name in refused:
        return True
    if text.startswith("--"):
        return len(name) > 1 and any(one.startswith(name) for one in refused if len(one) > 1)
    return not viewer.single and any(len(one) == 1 and one in name for one in refused)
