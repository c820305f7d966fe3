"""curl, wget and their kin: a plain look at an address reads; whatever sends, saves or logs in is asked about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from companion.model.facts import Effect, EffectKind
from companion.policy.shell.hosts import WAYS, way_hosts
from companion.policy.shell.invocation import Finding, Invocation, read, write
from companion.policy.shell.tools import asks_for_help, names
from companion.policy.shell.words import Value

_URL = re.compile(r"(?:(\w+)://)?(?:[^/@\s]*@)?(\[[0-9a-fA-F:]+\]|[\w.-]*)(?::\d+)?(?:[/?#].*)?", re.DOTALL)
_METADATA = re.compile(r"169\.254\.|metadata\.google|100\.100\.100\.200|fd00:ec2", re.IGNORECASE)
_ADDRESS = re.compile(r"[\d.]+|0x[0-9a-fA-F.x]+")
_LOCAL = re.compile(r"localhost|127\.0\.0\.1|\[::1\]|[\w-]+\.(?:local|localhost|test)")
_LONGEST = 300
"""Characters of an address; what is longer may carry something out."""
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FTP_READS = re.compile(r"[-*+]?(?:NLST|LIST|SIZE|MDTM|NOOP|HELP|PASV|PWD|STAT|SYST|FEAT|TYPE)\b.*", re.IGNORECASE)

_PLAIN = names(
    "silent show-error location fail fail-with-body verbose head compressed include progress-bar globoff "
    "no-buffer http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 ipv4 ipv6 tlsv1 tlsv1.0 tlsv1.1 "
    "tlsv1.2 tlsv1.3 ssl ssl-reqd parallel get anyauth basic digest ntlm negotiate netrc netrc-optional "
    "no-keepalive tcp-nodelay path-as-is raw styled-output no-progress-meter junk-session-cookies list-only "
    "no-sessionid disable tcp-fastopen retry-connrefused retry-all-errors ssl-no-revoke cert-status "
    "location-trusted next version help manual use-ascii crlf"
)
_VALUED = names(
    "max-time connect-timeout retry retry-delay retry-max-time user-agent referer url max-redirs limit-rate "
    "range connect-to resolve interface dns-servers max-filesize speed-limit speed-time keepalive-time "
    "time-cond proto proto-default proto-redir ciphers tls-max tls13-ciphers cacert capath pinnedpubkey "
    "noproxy continue-at local-port expect100-timeout happy-eyeballs-timeout-ms parallel-max rate write-out "
    "proxy socks5 socks5-hostname socks4 socks4a preproxy proxy1.0"
)
_FILES_READ = {"cookie", "cert", "key", "netrc-file", "cacert", "etag-compare"}
_SENDS = names(
    "data data-ascii data-binary data-raw data-urlencode json form form-string upload-file mail-from mail-rcpt "
    "user oauth2-bearer proxy-user url-query aws-sigv4 variable expand-data"
)
_LETTERS = (
    "s=silent S=show-error L=location f=fail v=verbose I=head g=globoff N=no-buffer G=get n=netrc "
    "l=list-only q=disable Z=parallel B=use-ascii i=include #=progress-bar 4=ipv4 6=ipv6 0=http1.0 "
    "1=tlsv1 2=tlsv1 3=tlsv1 m=max-time A=user-agent e=referer r=range C=continue-at w=write-out x=proxy "
    "y=speed-time Y=speed-limit z=time-cond b=cookie d=data F=form T=upload-file u=user E=cert X=request "
    "H=header o=output Q=quote h=help M=manual V=version a=append"
)
_SHORT: dict[str, str] = {item[0]: item[2:] for item in _LETTERS.split()}


def _curl(invocation: Invocation) -> Iterator[Finding]:
    """Only what every option of is known, and reads, passes as a look."""
    if asks_for_help([arg.constant for arg in invocation.args]) or invocation.words[:1] in {
        ("-M",),
        ("--manual",),
        ("-V",),
    }:
        yield invocation.runs()
        return
    urls: list[Value] = []
    ways: list[str] = []
    reason: Value | None = None
    found: list[Finding] = []
    for name, value in _options(invocation.args):
        text = value.constant if value is not None else None
        if text is not None and text.startswith("@"):
            # curl takes the value from a file.
            reason = value
            found += _sent(name, value)
        match name:
            case "":
                urls += [value] if value else []
            case "url":
                urls += [value] if value else []
            case "request":
                reason = reason if text in _METHODS else value
            case "header":
                reason = (
                    value
                    if text is None or re.match(r"@|authorization|cookie|x-.*(?:key|token)", text, re.IGNORECASE)
                    else reason
                )
            case "quote":
                reason = reason if text and _FTP_READS.fullmatch(text) else value
            case "write-out":
                # %output{FILE} writes the rest of it into a file.
                reason = value if text is None or "%output" in text else reason
            case "output":
                if value is not None and text not in {"/dev/null", "-"}:
                    reason = value
                    found += write(value)
            case _ if name in WAYS:
                hosts = way_hosts(name, text)
                ways += hosts or ()
                reason = reason if hosts is not None else value or invocation.args[0]
            case _ if name in _FILES_READ:
                if value is not None and (name != "cookie" or "=" not in (text or "")):
                    found += read(value)
            case _ if name in _SENDS or name not in _PLAIN | _VALUED:
                reason = value or invocation.args[0]
                found += _sent(name, value)
            case _:
                pass
    yield from found
    yield from _addresses(invocation, urls, reason, ways)


def _options(args: tuple[Value, ...]) -> Iterator[tuple[str, Value | None]]:
    """Each option by its long name with its value; an operand has the name ""."""
    at = 0
    while at < len(args):
        arg = args[at]
        text = arg.constant
        at += 1
        if text is None or not text.startswith("-") or text == "-":
            yield "", arg
        elif text.startswith("--"):
            name, equals, value = text[2:].partition("=")
            name = name.removeprefix("no-") if name.removeprefix("no-") in _PLAIN else name
            if equals:
                yield name, Value(value, arg.start, arg.end)
            elif name in _PLAIN:
                yield name, None
            else:
                yield name, args[at] if at < len(args) else arg
                at += 1
        else:
            for position, letter in enumerate(text[1:], 2):
                name = _SHORT.get(letter, f"-{letter}")
                if name in _PLAIN:
                    yield name, None
                    continue
                rest = text[position:]
                if rest or name in {"append", "-O", "-J", "-R"}:
                    yield name, Value(rest, arg.start, arg.end) if rest else arg
                else:
                    yield name, args[at] if at < len(args) else arg
                    at += 1
                break


def _sent(name: str, value: Value | None) -> Iterator[Finding]:
    text = value.constant if value is not None else None
    if value is None or text is None:
        return
    if name == "upload-file":
        yield from read(value)
    elif sent := re.search(r"(?:^|=)[@<]([^;,]+)", text):
        yield from read(Value(sent.group(1), value.start, value.end)) if sent.group(1) != "-" else ()


def _addresses(
    invocation: Invocation, urls: list[Value], reason: Value | None, ways: Sequence[str] = ()
) -> Iterator[Finding]:
    """`ways` are hosts that it connects to instead of those of the addresses, or to get there."""
    hosts = [*ways]
    plain = bool(urls) and not any(_METADATA.match(host.lstrip("[")) or not host.isascii() for host in ways)
    for url in urls:
        found = _URL.fullmatch(url.constant or "\0") or _URL.fullmatch(re.sub(r"[\[\]{}*?]", "x", url.text or "\0"))
        scheme = (found.group(1) or "http").lower() if found else ""
        if scheme == "file":
            yield from read(Value(re.sub(r"^file://[^/]*", "", url.text or ""), url.start, url.end))
            hosts.append("this machine's files")
            continue
        host = found.group(2) if found else ""
        hosts.append(host or f"whatever {invocation.name} names")
        fine = bool(host) and scheme in {"http", "https", "ftp", "ftps"} and len(url.text or "") <= _LONGEST
        fine = (
            fine and host.isascii() and (scheme == "https" or (bool(found and found.group(1)) and scheme[:3] == "ftp"))
        )
        fine = fine and not (_ADDRESS.fullmatch(host) or host.startswith("["))
        fine = fine or bool(_LOCAL.fullmatch(host) and scheme in {"http", "https"})
        fine = fine and not _METADATA.match(host) and "@" not in (url.text or "").partition("//")[2].partition("/")[0]
        plain = plain and fine
    for target in dict.fromkeys(hosts) or (f"whatever {invocation.name} names",):
        if plain and reason is None:
            yield Effect(EffectKind.NETWORK, target, invocation.start, invocation.end, "web-read")
        else:
            yield invocation.rule("network", target, reason)


_WGET_PLAIN = re.compile(
    r"-q|-nv|-S|-4|-6|-v|-d|--(?:quiet|spider|server-response|no-verbose|no-check-certificate|no-cache|verbose|no-proxy"
    r"|inet[46]-only|https-only|no-hsts|no-config)|--(?:timeout|tries|user-agent|wait|max-redirect|dns-timeout|"
    r"connect-timeout|read-timeout|limit-rate|referer)=.*|-[TtwU]\S+"
)


def _wget(invocation: Invocation) -> Iterator[Finding]:
    """It saves what it fetches, but for `--spider` and `-O -`."""
    words = [arg.constant for arg in invocation.args]
    if asks_for_help(words) or words[:1] == ["-V"]:
        yield invocation.runs()
        return
    urls: list[Value] = []
    reason: Value | None = None
    prints = "--spider" in words
    at = 0
    while at < len(invocation.args):
        arg, text = invocation.args[at], words[at]
        at += 1
        if text is None or not text.startswith("-"):
            urls.append(arg)
        elif text in {"-T", "-t", "-w", "-U"}:
            at += 1
        elif re.fullmatch(r"-q?O-|-q?O|--output-document=-", text):
            out = text[-1] == "-" or words[at : at + 1] == ["-"]
            prints = prints or out
            reason = reason if out else arg
            at += 0 if text[-1] == "-" else 1
        elif not _WGET_PLAIN.fullmatch(text):
            reason = arg
            if sent := re.match(r"--(?:post-file|body-file|input-file)=(.+)", text):
                yield from read(Value(sent.group(1), arg.start, arg.end))
    yield from _addresses(invocation, urls, reason if prints else reason or (urls[0] if urls else None))


_HTTPIE = re.compile(
    r"-[vhbp]|--(?:verbose|headers|body|pretty|style|print|check-status|timeout|json|ignore-stdin|follow)(?:=.*)?"
)


_HTTPIE_QUERY = re.compile(r"[^=:@\\]*==(?!@).*", re.DOTALL)


def _httpie(invocation: Invocation) -> Iterator[Finding]:
    words = [arg.constant for arg in invocation.args]
    plain = [arg for arg in invocation.args if not _HTTPIE.fullmatch(arg.constant or "")]
    if plain and plain[0].constant in {"GET", "HEAD"}:
        plain = plain[1:]
    # Behind the address stand the fields that it sends.
    reason = next((arg for arg in plain[1:] if not _HTTPIE_QUERY.fullmatch(arg.constant or "")), None)
    for arg in plain[1:]:
        # The file behind the sign becomes a part of what is asked.
        if sent := re.search(r"(?:[=:]|^[\w-]+)@(.+)", arg.constant or ""):
            yield from read(Value(sent.group(1), arg.start, arg.end))
    if asks_for_help(words):
        yield invocation.runs()
    elif not plain or invocation.feed or (plain[0].constant or "").isupper():
        yield invocation.rule("network", f"whatever {invocation.name} names")
    else:
        # What looks like a pattern is a query: no file has such a name.
        url = plain[0].text or ""
        scheme = "https://" if invocation.name in {"https", "xhs"} else "http://"
        full = url if "://" in url else scheme + ("localhost" if url.startswith(":") else "") + url
        yield from _addresses(invocation, [replace(plain[0], text=full)], reason)


WEB: dict[str, Callable[[Invocation], Iterator[Finding]]] = {
    "curl": _curl,
    "wget": _wget,
    **dict.fromkeys(("http", "https", "xh", "xhs"), _httpie),
}
