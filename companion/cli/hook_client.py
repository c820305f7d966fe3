"""`companion-hook AGENT WHERE`: asks the daemon about one tool call. Whatever fails, the call is blocked.

Agents start it for every call (`hook.py`), so it imports nothing that Python has to look for on disk. Standard input is
what the agent gives its hooks; exit code 0 lets the call go on, 2 blocks it, and standard error says why. WHERE is the
agent's socket, or the daemon's own note where there are no sockets of that kind. For Cline's hook files the answer is
JSON on standard output instead.
"""

import _socket

try:
    import posix as os
except ImportError:  # Windows
    import nt as os  # type: ignore[no-redef]

_SECONDS = 86_500
"""Longer than a question may ever wait (policy.approval_seconds)."""
_LARGEST = 16 * 1024 * 1024


class _Blocked(Exception):  # noqa: N818 - an answer
    pass


def ask(agent: str, path: str, payload: bytes, seconds: float = _SECONDS) -> str:
    """The reason for which the call is blocked; "" when it may go on."""
    try:
        raw = _exchange(agent, path, payload, seconds)
        return _verdict(_body(raw))
    except _Blocked as blocked:
        return f"companion refused this: {blocked}."
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - blocked, whatever it was
        return (
            f"companion refused this: its hook failed ({type(error).__name__}). Next, for the person: companion doctor."
        )


def _exchange(agent: str, path: str, payload: bytes, seconds: float) -> bytes:
    connection, token = None, ""
    try:
        try:
            connection, address, token = _way(path)
            connection.settimeout(5.0)
            connection.connect(address)
        except OSError:
            raise _Blocked("its daemon does not run, so nobody can judge. Next, for the person: companion up") from None
        head = (
            f"POST /hooks/v1/{agent} HTTP/1.1\r\nhost: companion\r\nconnection: close\r\n"
            f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n{token}\r\n"
        )
        parts: list[bytes] = []
        size = 0
        try:
            connection.settimeout(30.0)
            connection.sendall(head.encode() + payload)
            # The daemon sends a space every ten seconds while a person decides: longer silence is no life.
            connection.settimeout(min(seconds, 45.0))
            while part := connection.recv(65536):
                parts.append(part)
                size += len(part)
                if size > _LARGEST:
                    raise _Blocked("its daemon's answer is too long")
        except TimeoutError:
            raise _Blocked("its daemon does not answer. Next, for the person: companion doctor") from None
        except OSError:
            raise _Blocked("its daemon went away before it had answered. Next, for the person: companion up") from None
        return b"".join(parts)
    finally:
        if connection is not None:
            connection.close()


def _way(path: str) -> tuple[_socket.socket, str | tuple[str, int], str]:
    """A socket, where it leads, and the header with the token that is needed there."""
    if not path.endswith(".json"):
        return _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM), path, ""
    import json  # noqa: PLC0415 - only where there are no unix sockets

    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        control = json.load(file)["control"]["agent"]
    host, _, port = control["url"].removeprefix("http://").rpartition(":")
    token = f"authorization: Bearer {control['token']}\r\n"
    return _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM), (host, int(port)), token


def _body(raw: bytes) -> bytes:
    """Of an answer that came whole."""
    head, end, body = raw.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if not end or not lines[0].startswith(b"http/1.1 "):
        raise _Blocked("its daemon's answer broke off. Next, for the person: companion doctor")
    if b"transfer-encoding: chunked" in lines:
        return _joined(body)
    lengths = [line[15:].strip() for line in lines if line.startswith(b"content-length:")]
    if lengths != [str(len(body)).encode()]:
        raise _Blocked("its daemon's answer broke off. Next, for the person: companion doctor")
    return body


def _joined(body: bytes) -> bytes:
    parts: list[bytes] = []
    while True:
        size, end, body = body.partition(b"\r\n")
        length = int(size, 16) if end else -1
        if length < 0 or len(body) < length + 2 or body[length : length + 2] != b"\r\n":
            raise _Blocked("its daemon's answer broke off. Next, for the person: companion doctor")
        if length == 0:
            return b"".join(parts)
        parts.append(body[:length])
        body = body[length + 2 :]


def _verdict(body: bytes) -> str:
    said = body.lstrip(b" ")
    if said == b"allow\n":
        return ""
    word, _, reason = said.partition(b"\n")
    if word != b"deny":
        raise _Blocked("its daemon's answer cannot be read. Next, for the person: companion doctor")
    return reason.decode("utf-8", "replace").strip() or "companion refused this."


def _read_all() -> bytes:
    parts: list[bytes] = []
    while part := os.read(0, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _write(descriptor: int, text: str) -> None:
    raw = text.encode("utf-8", "replace")
    while raw:
        raw = raw[os.write(descriptor, raw) :]


def _quoted(text: str) -> str:
    """As JSON."""
    marks = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(marks.get(one, one if one >= " " else f"\\u{ord(one):04x}") for one in text) + '"'


def _run(arguments: list[str]) -> int:
    """The exit code."""
    agent, path = arguments
    as_json = agent == "cline-file"
    reason = ask("cline" if as_json else agent, path, _read_all(), 25.0 if as_json else _SECONDS)
    if as_json:
        _write(1, f'{{"cancel":{"true" if reason else "false"},"errorMessage":{_quoted(reason)}}}\n')
        return 0
    if reason:
        _write(2, reason + "\n")
        return 2
    return 0


def main() -> None:
    """Ends the process."""
    import sys  # noqa: PLC0415 - the only place that needs it

    code = 2
    try:
        code = _run(sys.argv[1:])
    except BaseException:  # noqa: BLE001 - blocked, whatever it was
        code = 2
    finally:
        os._exit(code)  # noqa: SLF001 - nothing is to be tidied up, and that takes time
