"""What a command of PowerShell does, by its name, its aliases and its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.model.facts import EffectKind
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.names import names
from companion.policy.knowledge.windows.paths import read_path, write_path

_ALIASES = """
get-childitem gci ls dir
get-content gc cat type
get-item gi
get-itemproperty gp
get-location gl pwd
get-process gps ps
get-service gsv
get-command gcm
get-help help man
get-member gm
get-alias gal
get-history h history ghy
get-job gjb
get-module gmo
get-psdrive gdr
get-unique gu
get-variable gv
get-wmiobject gwmi
get-ciminstance gcim
get-clipboard gcb
get-pssession gsn
select-object select
select-string sls
sort-object sort
where-object where ?
foreach-object foreach %
group-object group
measure-object measure
compare-object compare diff
format-table ft
format-list fl
format-wide fw
format-custom fc
out-host oh
write-output write echo
resolve-path rvpa
convert-path cvpa
import-csv ipcsv
tee-object tee
set-location sl cd chdir
push-location pushd
pop-location popd
remove-item ri rm rmdir del erase rd
clear-content clc
clear-item cli
remove-itemproperty rp
clear-itemproperty clp
set-content sc
add-content ac
new-item ni
mkdir md
copy-item copy cp cpi
move-item move mv mi
rename-item ren rni
rename-itemproperty rnp
export-csv epcsv
set-item si
set-itemproperty sp
invoke-expression iex
invoke-command icm
invoke-item ii
start-process start saps
start-job sajb
invoke-webrequest iwr curl wget
invoke-restmethod irm
stop-process kill spps
stop-service spsv
start-service sasv
import-module ipmo
new-alias nal
set-alias sal
set-variable sv set
remove-variable rv
invoke-history ihy r
invoke-wmimethod iwmi
stop-job spjb
enter-pssession etsn
new-pssession nsn
start-sleep sleep
clear-host clear cls
copy-itemproperty cpp
move-itemproperty mp
remove-module rmo
get-breakpoint gbp
set-clipboard scb
clear-variable clv
"""

ALIASES: dict[str, str] = {
    alias: name for name, *aliases in map(str.split, _ALIASES.strip().splitlines()) for alias in aliases
}

_TEXT = names(
    "select-object sort-object group-object measure-object format-table format-list format-wide format-custom "
    "out-string out-host "
    "out-null out-default write-output write-host write-verbose write-warning write-information get-unique "
    "convertto-json "
    "convertfrom-json convertto-csv convertfrom-csv convertto-html convertto-xml convertfrom-stringdata join-path "
    "split-path "
    "join-string where-object start-sleep clear-host compare-object test-connection"
)
"""They work on what they are given."""

CONTENT = names(
    "get-content select-string get-filehash import-csv import-clixml format-hex select-xml import-powershelldatafile"
)
NAMES = names(
    "get-childitem get-item test-path resolve-path convert-path get-itemproperty get-itempropertyvalue get-acl "
    "set-location "
    "push-location pop-location"
)
_LEAKS = names(
    "get-credential get-secret get-clipboard get-variable convertfrom-securestring get-azkeyvaultsecret "
    "get-secsecretvalue "
    "get-azaccesstoken get-ssmparametervalue get-pfxcertificate"
)
_DELETES = names("remove-item clear-content clear-item remove-itemproperty clear-itemproperty")
_WRITES = names(
    "set-content add-content out-file new-item mkdir copy-item move-item rename-item export-csv export-clixml "
    "tee-object "
    "expand-archive compress-archive"
)
_CODES: dict[str, tuple[EffectKind, str]] = {
    **dict.fromkeys(
        names(
            "clear-recyclebin remove-partition clear-disk format-volume initialize-disk set-partition remove-volume "
            "resize-partition"
        ),
        (EffectKind.CHANGE, "disk"),
    ),
    **dict.fromkeys(names("stop-computer restart-computer"), (EffectKind.CHANGE, "power")),
    **dict.fromkeys(names("stop-process stop-job wait-process debug-process"), (EffectKind.PROCESS, "kill")),
    **dict.fromkeys(
        names(
            "stop-service start-service restart-service set-service new-service remove-service suspend-service "
            "register-scheduledtask unregister-scheduledtask set-scheduledtask new-netfirewallrule set-netfirewallrule "
            "remove-netfirewallrule disable-netadapter set-mppreference add-mppreference disable-computerrestore "
            "set-acl set-itemproperty new-itemproperty set-item rename-itemproperty copy-itemproperty "
            "move-itemproperty "
            "set-timezone set-date rename-computer add-computer enable-psremoting set-clipboard"
        ),
        (EffectKind.CHANGE, "service"),
    ),
    **dict.fromkeys(
        names(
            "new-localuser remove-localuser set-localuser add-localgroupmember set-executionpolicy new-aduser "
            "set-adaccountpassword"
        ),
        (EffectKind.PRIVILEGE, "privilege"),
    ),
    **dict.fromkeys(names("invoke-expression"), (EffectKind.UNKNOWN, "eval")),
    **dict.fromkeys(
        names(
            "invoke-command invoke-item start-process start-job invoke-wmimethod invoke-cimmethod add-type "
            "import-module new-object "
            "enter-pssession new-pssession invoke-history register-objectevent foreach-object start-threadjob "
            "invoke-script"
        ),
        (EffectKind.UNKNOWN, "runs-other"),
    ),
    **dict.fromkeys(
        names(
            "install-module install-package install-script update-module save-module register-psrepository "
            "install-psresource"
        ),
        (EffectKind.INSTALL, "install"),
    ),
    **dict.fromkeys(
        names(
            "invoke-webrequest invoke-restmethod start-bitstransfer send-mailmessage test-netconnection "
            "resolve-dnsname "
            "new-webserviceproxy"
        ),
        (EffectKind.NETWORK, "network"),
    ),
    **dict.fromkeys(
        names(
            "set-alias new-alias set-variable new-variable remove-variable clear-variable remove-module "
            "set-psbreakpoint"
        ),
        (EffectKind.UNKNOWN, "defines-function"),
    ),
}  # fmt: skip

_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z]\w*")
_PATHS = names("path literalpath pspath lp filepath destination outfile target newname inputobject destinationpath")
_VALUED = names(
    "path literalpath pspath lp filepath filter include exclude depth encoding delimiter head tail first last "
    "totalcount skip property "
    "pattern name id computername erroraction ea ev warningaction value itemtype type destination newname outfile "
    "algorithm childpath "
    "namespace classname class query credential expandproperty excludeproperty width format uformat date groupby "
    "displayname logname "
    "maxevents culture stream readcount verb noun module context eq ne gt lt ge le like notlike match notmatch "
    "contains in notin uri "
    "method body headers infile argumentlist message object separator text destinationpath index inputobject "
    "minimum maximum count line"
)
_REGISTRY = re.compile(r"(?:hk(?:lm|cu|cr|u|cc)|registry|cert|wsman|variable|function|alias):", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"env:", re.IGNORECASE)


def name_of(word: str) -> str:
    """A command's full name in small letters, behind its alias."""
    plain = (
        word.lower().removeprefix("microsoft.powershell.management\\").removeprefix("microsoft.powershell.utility\\")
    )
    return ALIASES.get(plain, plain)


KNOWN = _TEXT | CONTENT | NAMES | _LEAKS | _DELETES | _WRITES | frozenset(_CODES)


def judge(program: str, words: Words, _feed: Input = NO_INPUT) -> Iterator[Found]:
    """The findings of one command. Numbers are those of `words`."""
    name = name_of(program)
    unknown = next((at for at, word in enumerate(words) if word is None), None)
    if name in _CODES:
        kind, code = _CODES[name]
        yield Fact(kind, program, code)
    elif name in _LEAKS:
        yield Fact(EffectKind.LEAK, program, "leaks-secret")
    elif name in _DELETES or name in _WRITES:
        yield from _changes(name, program, words)
    elif name in _TEXT or name in CONTENT or name in NAMES or _reads_by_name(name):
        yield Fact(EffectKind.RUN, program)
        yield from _reads(name, words)
    else:
        yield Fact(EffectKind.UNKNOWN, program, "unknown-program")
    if unknown is not None:
        yield Fact(EffectKind.UNKNOWN, "this word", "unknown-word", unknown)


def _reads_by_name(name: str) -> bool:
    return name.startswith("get-") and bool(_CMDLET.fullmatch(name))


def _values(words: Words) -> Iterator[tuple[str, int]]:
    """Each value with the parameter in front of it, "" for one that stands alone."""
    parameter = ""
    for at, word in enumerate(words):
        if word is None:
            parameter = ""
        elif re.match(r"-[A-Za-z]", word):
            name, colon, value = word[1:].lower().partition(":")
            parameter = name if name in _VALUED and not colon else ""
            if colon and value:
                yield name, at
        else:
            yield parameter, at
            parameter = ""


def _reads(name: str, words: Words) -> Iterator[Fact]:
    takes_paths = name in CONTENT or name in NAMES
    alone = 0
    for parameter, at in _values(words):
        word = words[at] or ""
        value = word.partition(":")[2] if word.startswith("-") else word
        if _ENVIRONMENT.match(value):
            yield Fact(EffectKind.UNKNOWN, value, "reads-environment", at)
        elif parameter in _PATHS and parameter not in {"inputobject", "newname"}:
            yield from read_path(value, at, names=name in NAMES)
        elif not parameter:
            alone += 1
            # The first word of Select-String is its pattern.
            if (
                takes_paths
                and not _REGISTRY.match(value)
                and (name != "select-string" or alone > 1 or _named(words, "pattern"))
            ):
                yield from read_path(value, at, names=name in NAMES)
    if name == "get-childitem" and not any(fact for fact in _values(words)):
        yield Fact(EffectKind.READ, ".", "names")


def _named(words: Words, parameter: str) -> bool:
    return any((word or "").lower() == f"-{parameter}" for word in words)


def _changes(name: str, program: str, words: Words) -> Iterator[Fact]:
    deep = any(re.match(r"-(?:r|fo)\w*$", word or "", re.IGNORECASE) for word in words)
    deletes = name in _DELETES
    yield Fact(EffectKind.CHANGE, program, "rm-recursive" if deletes and deep else "rm" if deletes else "file-change")
    for parameter, at in _values(words):
        word = words[at] or ""
        value = word.partition(":")[2] if word.startswith("-") else word
        if parameter in _PATHS or not parameter:
            yield from write_path(value, at, deletes=deletes)
