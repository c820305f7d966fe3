import base64
import hashlib
import json

import pytest

from companion.scan.secrets.pem import KeyBlocks

BODY = [base64.b64encode(hashlib.sha384(bytes([n])).digest()).decode() for n in range(12)] + ["Ab3dEf=="]
KIND = "RSA PRIVATE " + "KEY"
BEGIN, END = f"-----BEGIN {KIND}-----", f"-----END {KIND}-----"
PEM = "\n".join([BEGIN, *BODY, END])

WHOLE = {
    "plain": PEM,
    "crlf": PEM.replace("\n", "\r\n"),
    "json": json.dumps(PEM)[1:-1],
    "json in json": json.dumps(json.dumps(PEM))[3:-3],
    "indented": PEM.replace("\n", "\n    "),
    "diff": PEM.replace("\n", "\n+"),
    "numbered": "\n".join(f"{n:6}\t{line}" for n, line in enumerate(PEM.split("\n")))[7:],
    "concatenated": PEM.replace("\n", '\\n" +\n  "'),
    "headers": PEM.replace(BEGIN, f"{BEGIN}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{'0A' * 16}\n"),
    "one line": BEGIN + "".join(BODY) + END,
    "openssh": PEM.replace("RSA", "OPENSSH"),
    "pgp": PEM.replace(KIND, "PGP PRIVATE " + "KEY BLOCK"),
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_a_block_is_found_whole_however_it_is_written(text: str) -> None:
    around = f"before {text} after"
    assert [around[s.start : s.end] for s in KeyBlocks().find(around)] == [text]


@pytest.mark.parametrize("gap", ["\n", "\\n", "\n+", "\n    12\t"])
def test_a_block_that_is_cut_off_is_found_as_far_as_it_goes(gap: str) -> None:
    head = gap.join([BEGIN, *BODY[:5]])
    tail = gap.join([*BODY[5:], END])
    for text in (f"see {head}\n", f"see: {tail} and"):
        (span,) = KeyBlocks().find(text)
        hidden = text[: span.start] + text[span.end :]
        assert not any(line in hidden for line in BODY)
        assert "see" in hidden


@pytest.mark.parametrize(
    "text",
    [
        f'if text.startswith("{BEGIN}") and text.endswith("{END}"): load(text)',
        f"a header is {BEGIN}",
        f"{END} ends it",
        f"between {BEGIN}\n<your key here>\n{END}",
        PEM.replace("PRIVATE", "PUBLIC"),
    ],
)
def test_talk_about_keys_is_not_a_key(text: str) -> None:
    assert KeyBlocks().find(text) == []


def test_two_blocks_are_two() -> None:
    text = f"{PEM}\n\nsome text between the two\n\n{PEM}"
    assert [text[s.start : s.end] for s in KeyBlocks().find(text)] == [PEM, PEM]


def test_putty_keys() -> None:
    key = "Private-Lines: 2\n" + "\n".join(BODY[:2])
    (span,) = KeyBlocks().find(f"Public-Lines: 1\nAAAA\n{key}\nPrivate-MAC: 00\n")
    assert span.end - span.start >= len(key)
