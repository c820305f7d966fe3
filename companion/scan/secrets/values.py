"""Tells a value that is secret from one that merely stands where a secret could."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

# Values that stand for a secret instead of being one: templates, variables, calls, masks.
_STAND_IN = re.compile(
    r"""(?x) \$\{[\w.:?+*@/-]*\} | \$\([^()]*\) | ^\$[{(] | ^\$[A-Za-z_]\w*$ | \$[A-Z_]{3,} | \{\{[^{}]*\}\} | ^\{\{
        | <[^<>]*> | %\( | ^%[A-Za-z_]\w*%?$
        | \{[A-Za-z_][\w.]+\} | ^\{.*\}$ | ^\[.*\]$ | \*{3} | \.{3} | … | ^[xX•.\#_*-]+$ | x{4} | X{4}
        | ^[A-Za-z_][\w.]*\( | ^@[A-Za-z_./-]+$
    """
)
_SAMPLE = re.compile(
    r"""(?ix) example | sample | placeholder | change_?-?me | replace_?-?me | redacted | dummy | your[-_ ] | ^your
        | ^my[-_]?(?:secret|token|password|key|api) | insert[-_ ]?here | goes[-_ ]here | lorem | foobar | deadbeef
        | ^super[-_]?secret
        | ^.{0,9}123456789.{0,9}$
        | ^(?:the[-_ ])?(?:pass(?:word|wd|phrase)?|secret|token|pwd|key|api[-_]?key)s?[-_]?\d{0,3}$
        | ^(?:test|admin|root|user(?:name)?|guest|default|postgres|mysql|none|null|undefined|true|false|todo)\d{0,3}$
        | ^p[a4@][s5$]{2}w[o0]rd[\d!]{0,2}$ | ^secret[-_]?(?:key|token|value)$
    """
)
_PATH = re.compile(r"^(?:[.~]{0,2}/|[A-Za-z]:[\\/])[\w@. /\\-]+$|^[a-z][a-z0-9+.-]*://")
_REFERENCE = re.compile(
    r"^(?:self|this|process|os|env|config|settings|secrets|vars|var|args|options|props|ctx|req)\b[.\[]"
)
# Words, joined by punctuation, with at most two digits behind each: identifiers, slugs, versions, hosts. Then words
# with a figure inside, as in symbol2label, X509_ATTRIBUTE and PBE2PARAM_st.
_WORDS = re.compile(r"^_*[A-Za-z]{2,}\d{0,2}(?:[-_.:/+ ]+(?:[A-Za-z]{2,}\d{0,2}|v?\d{1,4}))*[-_.:/]*$")
_FIGURED = re.compile(r"^_*[a-z]+[24][a-z]+$|^_*[A-Z]+\d{1,3}[A-Z]*(?:_+[A-Za-z]+\d{0,3})+$")
_DOTTED = re.compile(r"^[A-Za-z_$]+\d{0,2}[A-Za-z_$]*(?:(?:\.|::|->)[A-Za-z_$]+\d{0,2}[A-Za-z_$]*)+[;:=]?$")
_CAMEL = re.compile(r"^[a-z]*(?:[A-Z][a-z]+)+[A-Z]*\d{0,2}[=:]?$")
_NUMBER = re.compile(r"^[-+]?[\d_.,:/ -]+(?:px|em|ms|s|kb|mb|gb|%)?$", re.IGNORECASE)

# A letter and a figure; both cases; the kinds that make a password strong.
_MIXED = re.compile(r"[A-Za-z].*[0-9]|[0-9].*[A-Za-z]")
_CASES = re.compile(r"[a-z].*[A-Z]|[A-Z].*[a-z]")
_MARKED = re.compile(r"[A-Za-z].*[!@#$%^&*?~]|[!@#$%^&*?~].*[A-Za-z]")
_KINDS = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[!@#$%^&*?~+=]"))
_TOKEN = re.compile(r"(?!(?:sha\d{1,3}|md5)[-:=])(?=.*[0-9].*[0-9])(?=.*[A-Za-z].*[A-Za-z])[A-Za-z0-9_.+/=~:-]{16,}")
# Identifiers, calls, paths, things in figures behind a colon.
_EVERYDAY = re.compile(
    r"[a-z_.-]+\d{0,2}|[a-z]+(?:[-_.][a-z]+)+[-_.]?\d{1,4}|[\w.]+\(.*|/[\w/.-]+|[A-Za-z_.]+[!?]|[\w.-]+:\d+|[@#.&][\w-]+"
)


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values()) if total else 0.0


def is_sample(value: str) -> bool:
    """Whether `value` stands for a secret: a template, a variable, a mask, or a word everybody uses in examples."""
    return bool(_STAND_IN.search(value) or _SAMPLE.search(value)) or len(set(value)) < 4


def is_password(value: str) -> bool:
    """Whether `value` may be a password where the grammar says that one stands there."""
    return not is_sample(value) and not _REFERENCE.match(value)


def is_words(value: str) -> bool:
    """Whether `value` is readable: an identifier, a slug, a number, a path, a plain address."""
    return any(shape.match(value) for shape in (_WORDS, _FIGURED, _CAMEL, _DOTTED, _NUMBER, _PATH, _REFERENCE))


def is_random(value: str) -> bool:
    """Whether `value` looks drawn at random: not readable, of several kinds of characters, not repetitive."""
    if len(value) < 8 or not (_MIXED.search(value) or _CASES.search(value)):
        return False
    if is_words(value) or is_sample(value):
        return False
    return entropy(value) >= (2.5 if len(value) < 12 else 3.0)


def is_strong(value: str) -> bool:
    """Whether `value` is random and of three kinds: lower, upper, figures and the marks that passwords have."""
    return len(value) >= 8 and sum(kind.search(value) is not None for kind in _KINDS) >= 3 and is_random(value)


def is_token(value: str) -> bool:
    """Whether `value` is random and can be nothing but a token, whatever it is called."""
    return len(value) >= 16 and _TOKEN.fullmatch(value) is not None and is_random(value)


def is_chosen(value: str) -> bool:
    """Whether `value` is a password as a person thinks of one: letters and something else, and no everyday word."""
    return (
        len(value) >= 6
        and (_MIXED.search(value) is not None or _MARKED.search(value) is not None)
        and _EVERYDAY.fullmatch(value) is None
        and is_password(value)
    )


def is_basic(value: str) -> bool:
    """Whether `value` is the base64 form of `user:password`, as HTTP and Docker write it."""
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(user and colon) and len(password) >= 3 and is_password(password)


def is_distinctive(value: str) -> bool:
    """Whether `value` can be looked for elsewhere without hitting ordinary words."""
    return len(value) >= 8 and (
        len(value) >= 16 or not value.isalpha() or (not value.islower() and not value.isupper())
    )
