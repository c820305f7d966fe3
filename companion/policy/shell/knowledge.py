"""Programs that only read, with the options under which that holds, and what their operands are to them.

`companion.policy.shell.options` says how the lists of options are written. A program whose list has a `*` has no option
that writes, runs anything or reads a file; for the others every option counts that GNU, BSD or busybox gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from companion.policy.shell.dangers import PYTHONS


class Operands(StrEnum):
    """What a program does with its operands."""

    TEXT = "text"
    """Nothing: they are words to it."""
    CONTENT = "content"
    NAMES = "names"
    TREE = "tree"


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that only reads."""

    options: str = "*"
    operands: Operands = Operands.TEXT
    leading: int = 0
    """How many operands come first that are words, not paths."""
    most: int | None = None
    """The most operands it may have; one more would be written to or set."""
    default: str = ""
    """What it reads without an operand; "" for its standard input or nothing."""


_TEXT = Reader()
_CONTENT = Reader(operands=Operands.CONTENT)
_NAMES = Reader(operands=Operands.NAMES)
_SUMS = Reader("b t z binary text zero tag strict quiet status l= length=", Operands.CONTENT)

READERS: dict[str, Reader] = {
    "basename": _TEXT,
    "cal": _TEXT,
    "dirname": _TEXT,
    "echo": _TEXT,
    "expr": _TEXT,
    "factor": _TEXT,
    "false": _TEXT,
    "free": _TEXT,
    "getconf": _TEXT,
    "groups": _TEXT,
    "id": _TEXT,
    "nproc": _TEXT,
    "pwd": _TEXT,
    "seq": _TEXT,
    "sleep": _TEXT,
    "sw_vers": _TEXT,
    "tr": _TEXT,
    "true": _TEXT,
    "tty": _TEXT,
    "uname": _TEXT,
    "uptime": _TEXT,
    "which": _TEXT,
    "whoami": _TEXT,
    ":": _TEXT,
    "hostname": Reader("s f i I d short fqdn long all-ip-addresses ip-address domain", most=0),
    "locale": Reader("a m k c all-locales charmaps keyword-name category-name"),
    "df": _NAMES,
    "ls": Reader(operands=Operands.NAMES, default="."),
    "dir": Reader(operands=Operands.NAMES, default="."),
    "readlink": _NAMES,
    "realpath": Reader("e m L P q s z relative-to= relative-base= no-symlinks strip quiet", Operands.NAMES),
    "stat": Reader("L f t c= format= printf= x s n r l F q dereference file-system terse", Operands.NAMES),
    "du": Reader(
        "a A B= b c D d= g H h k L l m P S s t= x X< 0 all apparent-size block-size= bytes total dereference "
        "dereference-args max-depth= human-readable si inodes count-links no-dereference separate-dirs summarize "
        "threshold= time~ time-style= one-file-system exclude= exclude-from< null",
        Operands.NAMES,
        default=".",
    ),
    "file": Reader(
        "b i I k L h N n p r s v z Z 0 e= P= F= brief mime mime-type mime-encoding keep-going dereference "
        "no-dereference no-pad raw special-files uncompress print0 extension",
        Operands.NAMES,
    ),
    "tree": Reader(
        "a d l f x L= P= I= Q N q p s h u g D F i A S n C t c r v J X gitignore dirsfirst filesfirst noreport "
        "ignore-case matchdirs prune du si inodes device sort= timefmt= charset= filelimit=",
        Operands.NAMES,
        default=".",
    ),
    "cat": _CONTENT,
    "tac": _CONTENT,
    # In cmd.exe it prints files.
    "type": _CONTENT,
    "rev": _CONTENT,
    "nl": _CONTENT,
    "fold": Reader("* w=", Operands.CONTENT),
    # -p and -t take a value on one system and none on another, and in `-pw x` the w is the value of the p.
    "fmt": Reader("* w~ g~", Operands.CONTENT),
    "expand": Reader("* t=", Operands.CONTENT),
    "unexpand": Reader("* t=", Operands.CONTENT),
    "paste": Reader("* d= delimiters=", Operands.CONTENT),
    "comm": Reader("1 2 3 i z check-order nocheck-order output-delimiter= total zero-terminated", Operands.CONTENT),
    # BSD's takes -a without a value too.
    "join": Reader("* a~ e= i j= o= t= v= 1= 2=", Operands.CONTENT),
    "head": Reader("# n= c= q v z lines= bytes= quiet silent verbose zero-terminated", Operands.CONTENT),
    "tail": Reader(
        "# n= c= f F q r v z s= lines= bytes= follow~ quiet silent verbose zero-terminated retry pid= sleep-interval=",
        Operands.CONTENT,
    ),
    "wc": Reader("c l m w L bytes chars lines words max-line-length total=", Operands.CONTENT),
    "cut": Reader(
        "b= c= d= f= n s z bytes= characters= delimiter= fields= complement only-delimited output-delimiter= "
        "zero-terminated",
        Operands.CONTENT,
    ),
    "sort": Reader(
        "b d f g i M h n R r V c C m s u z k= t= S= key= field-separator= reverse unique numeric-sort "
        "ignore-nonprinting human-numeric-sort "
        "T= temporary-directory= version-sort ignore-case ignore-leading-blanks dictionary-order "
        "general-numeric-sort month-sort random-sort "
        "sort= check~ merge stable zero-terminated parallel= buffer-size= batch-size= debug",
        Operands.CONTENT,
    ),
    "uniq": Reader(
        "c d D i u z f= s= w= count repeated unique ignore-case skip-fields= skip-chars= check-chars= zero-terminated "
        "all-repeated~ group~",
        Operands.CONTENT,
        most=1,
    ),
    "cmp": Reader(
        "b i= l n= s x z h print-bytes ignore-initial= verbose bytes= quiet silent", Operands.CONTENT, most=4
    ),
    "diff": Reader(
        "a b B c C= d e E f F= h i I= l L= n N p q r s S= t T u U= w W= x= X< y Z # text brief unified~ context~ ed "
        "normal side-by-side recursive new-file unidirectional-new-file report-identical-files ignore-case "
        "ignore-space-change ignore-all-space ignore-blank-lines ignore-trailing-space ignore-tab-expansion "
        "ignore-matching-lines= strip-trailing-cr minimal speed-large-files suppress-common-lines left-column width= "
        "label= show-c-function show-function-line= color~ exclude= exclude-from< from-file< to-file< expand-tabs "
        "initial-tab tabsize= no-dereference",
        Operands.TREE,
    ),
    "od": Reader(
        "A= j= N= S~ t= v w~ a b c d f i l o s x h address-radix= skip-bytes= read-bytes= format= output-duplicates "
        "width~",
        Operands.CONTENT,
    ),
    "hexdump": Reader("b c C d o x v n= s= e=", Operands.CONTENT),
    # Its letters are not written together: `-ps x` is one option and a file.
    "xxd": Reader("a b c~ C e E g~ i l~ o~ p s~ u R~ v", Operands.CONTENT, most=1),
    "strings": Reader("a f n= t= e= o w # all print-file-name bytes= radix= encoding=", Operands.CONTENT),
    "column": Reader("t s= o= c= n x e l= N= R= H= T= J table separator= output-separator= columns=", Operands.CONTENT),
    "base64": Reader("d D n u w= decode wrap=", Operands.CONTENT, most=1),
    "base32": Reader("d w= decode wrap=", Operands.CONTENT, most=1),
    "cksum": Reader("", Operands.CONTENT),
    "md5sum": _SUMS,
    "sha1sum": _SUMS,
    "sha224sum": _SUMS,
    "sha256sum": _SUMS,
    "sha384sum": _SUMS,
    "sha512sum": _SUMS,
    "b2sum": _SUMS,
    "shasum": Reader("a= b t p 0 1 algorithm= binary text", Operands.CONTENT),
    "rg": Reader(
        "A= B= C= E= F H I L M= N P S U V a b c d= g= h i j= l m= n o p q r= s t= T= u v w x 0 . "
        "after-context= before-context= context= case-sensitive ignore-case smart-case color= colors= column no-column "
        "count count-matches debug encoding= files files-with-matches files-without-match fixed-strings follow glob= "
        "iglob= glob-case-insensitive heading no-heading hidden help no-ignore no-ignore-vcs no-ignore-parent "
        "include-zero invert-match json line-number no-line-number line-regexp max-columns= max-count= max-depth= "
        "max-filesize= multiline multiline-dotall no-config no-filename with-filename no-messages null only-matching "
        "passthru path-separator= pcre2 pretty quiet replace= sort= sortr= stats text threads= trim type= type-not= "
        "type-list unrestricted version vimgrep word-regexp e= regexp= f< file< ignore-file<",
        Operands.TREE,
        leading=1,
        default=".",
    ),
}

# BSD's takes --context without a value too.
GREP = (
    "# A= B= C= D= E F G H I L P U V a b c d= e= f< h i l m= n o q r R s S v w x y z Z p O "
    "after-context= before-context= context~ devices= directories= extended-regexp fixed-strings basic-regexp "
    "perl-regexp regexp= file< ignore-case no-ignore-case invert-match word-regexp line-regexp count color~ colour~ "
    "files-without-match files-with-matches max-count= only-matching quiet silent no-messages "
    "byte-offset with-filename "
    "no-filename label= line-number initial-tab null text binary-files= exclude= exclude-from< exclude-dir= include= "
    "recursive dereference-recursive line-buffered null-data binary"
)

JQ = "n r c s e M C S a j tab indent= arg== argjson== null-input raw-output compact-output slurp exit-status sort-keys"

SED = "n E r s u z e= expression= quiet silent regexp-extended separate unbuffered null-data line-length= posix sandbox"

DATE = "u I~ R j d= date= r< reference< v= rfc-3339= iso-8601~ utc universal rfc-email rfc-2822"

FIND = frozenset(
    {"!", "(", ")", ",", "-L", "-H", "-P", "-E", "-X", "-a", "-and", "-daystart", "-depth", "-empty", "-executable"}
    | {"-false", "-follow", "-ls", "-mount", "-nogroup", "-noignore_readdir_race", "-noleaf", "-not", "-nouser", "-o"}
    | {"-or", "-print", "-print0", "-prune", "-quit", "-readable", "-true", "-warn", "-nowarn", "-writable", "-xdev"}
)
"""Predicates of find without a value that only read."""

FIND_VALUED = frozenset(
    {"-amin", "-atime", "-cmin", "-ctime", "-fstype", "-gid", "-group", "-ilname", "-iname", "-inum", "-ipath"}
    | {"-iregex", "-iwholename", "-links", "-lname", "-maxdepth", "-mindepth", "-mmin", "-mtime", "-name", "-path"}
    | {"-perm", "-printf", "-regex", "-regextype", "-size", "-type", "-uid", "-used", "-user", "-wholename", "-xtype"}
    | {"-newer", "-anewer", "-cnewer", "-newermt", "-newerct", "-newerat", "-samefile"}
)


def _told_by(words: str, names: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(names.split(), frozenset(words.split()))


VERSIONED: dict[str, frozenset[str]] = {
    **_told_by("--version", "clang cmake g++ gcc java javac make"),
    **_told_by("--version -v", "node perl php ruby"),
    **_told_by("--version -V", " ".join(["deno jq python python3 rg rustc", *PYTHONS])),
    **_told_by("--version version", "git"),
}
"""Programs that only tell their version when one of these words is all that is given to them.

To others the same word is a script, a target or a pattern, and `-v` or `-V` means something else.
"""
