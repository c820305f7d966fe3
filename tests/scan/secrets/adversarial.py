"""Secrets in the forms that scanners miss, and texts that only look like them. Every value is made up here."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

ALNUM = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5kL7nP9rS1uW3yZ5"
HEX = "0a9f8e7d6c5b4a31f2e3d4c5b6a79880"
GH = "gh" + "p_" + ALNUM[:36]
AKIA = "AK" + "IA" + "Q7Z4K2M9X3T5W8R6"
AWS_SECRET = "kJ8/vQ2+xR5tY7uI9oP1aS3dF4gH6jK8lZ0xC2vB"
AWS_OTHER = "mN7/bV3+cX6zL8kJ2hG4fD5sA9pO1iU0yT3rE5wQ"
SLACK = "xo" + "xb-123456789012-123456789012-" + ALNUM[:24]
STRIPE = "sk_" + "live_" + ALNUM[:24]
OPENAI = "sk-" + "proj-" + ALNUM + ALNUM
PASSWORD = "Kx7!mQ2vR9zL"
LINES = [base64.b64encode(bytes((i * 37 + j * 101 + i * j) % 256 for j in range(48))).decode() for i in range(12)]
BODY = "\n".join(LINES)
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"
PASSWORD64 = base64.b64encode(PASSWORD.encode()).decode()
CODED = base64.b64encode(f"GITHUB_TOKEN={GH}".encode()).decode()
BASIC = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    text: str
    hidden: tuple[str, ...]
    """The pieces that must not be left."""


def _case(name: str, text: str, *hidden: str) -> Case:
    return Case(name, text, hidden)


def _halves(secret: str) -> tuple[str, str]:
    return secret[: len(secret) // 2], secret[len(secret) // 2 :]


GH1, GH2 = _halves(GH)
STRIPE1, STRIPE2 = _halves(STRIPE)

SECRETS = [
    _case("plain", f"use {GH} for it", GH),
    _case("split-over-two-lines", f"the token is {GH1}\n{GH2}\nbye", GH1, GH2),
    _case("split-with-indent", f"token: {GH1}\n    {GH2}\n", GH1, GH2),
    _case("continued-line", f"export T={GH1}\\\n{GH2}\n", GH1, GH2),
    _case("concatenated-plus", f'token = "{GH1}" + "{GH2}"', GH1, GH2),
    _case("concatenated-lines", f'key = (\n    "{STRIPE1}"\n    "{STRIPE2}"\n)', STRIPE1, STRIPE2),
    _case("concatenated-dot", f"$k = '{STRIPE1}' . '{STRIPE2}';", STRIPE1, STRIPE2),
    _case("concatenated-java", f'String k = "{GH1}" +\n        "{GH2}";', GH1, GH2),
    _case("diff-split", f"+token {GH1}\n+{GH2}\n", GH1, GH2),
    _case("quoted-mail", f"> {GH1}\n> {GH2}\n", GH1, GH2),
    _case("zero-width-inside", GH[:10] + "\u200b" + GH[10:], GH[:10], GH[10:]),
    _case("zero-width-in-the-prefix", "gh\u200dp_" + GH[4:], GH[4:]),
    _case("soft-hyphens", "\u00ad".join((STRIPE[:12], STRIPE[12:20], STRIPE[20:])), STRIPE[12:20], STRIPE[20:]),
    _case("json-unicode-escape", '{"t": "\\u0067' + GH[1:] + '"}', GH[1:]),
    _case("all-unicode-escapes", "".join(f"\\u{ord(c):04x}" for c in GH), "".join(f"\\u{ord(c):04x}" for c in GH)),
    _case("hex-escapes", '"' + "".join(f"\\x{ord(c):02x}" for c in GH) + '"', "".join(f"\\x{ord(c):02x}" for c in GH)),
    _case("html-entities", "".join(f"&#{ord(c)};" for c in GH), "".join(f"&#{ord(c)};" for c in GH)),
    _case("percent-encoded", "u=" + "".join(f"%{ord(c):02X}" for c in GH), "".join(f"%{ord(c):02X}" for c in GH)),
    _case("url-in-a-url", "r=" + quote(f"postgres://app:{PASSWORD}@db.internal/x", safe=""), quote(PASSWORD, safe="")),
    _case("base64", CODED, CODED[16:-4]),
    _case("hex", "blob " + GH.encode().hex(), GH.encode().hex()),
    _case("pem", KEY, BODY),
    _case("pem-in-json", json.dumps({"private_key": KEY + "\n"}), *LINES),
    _case("pem-in-json-in-json", json.dumps(json.dumps({"private_key": KEY})), *LINES),
    _case("pem-numbered", "\n".join(f"{n:6}\t{line}" for n, line in enumerate(KEY.splitlines(), 1)), *LINES),
    _case("pem-in-a-diff", "\n".join("+" + line for line in KEY.splitlines()), *LINES),
    _case("pem-tail-only", BODY + "\n-----END RSA PRIVATE KEY-----", *LINES),
    _case("pem-head-only", "-----BEGIN RSA PRIVATE KEY-----\n" + BODY, *LINES),
    _case("pem-in-base64", base64.b64encode(KEY.encode()).decode(), base64.b64encode(KEY.encode()).decode()[40:-8]),
    _case("pem-concatenated", "\n".join(f'    "{line}\\n" +' for line in KEY.splitlines()), *LINES),
    _case("netrc", f"machine h.example.org\n  login robot\n  password {PASSWORD}\n", PASSWORD),
    _case("basic-header", f"Authorization: Basic {BASIC}", BASIC),
    _case("curl-user", f"curl -sS -u robot:{PASSWORD} https://h.internal/x", PASSWORD),
    _case("mssql", f"Server=tcp:db,1433;User ID=sa;Password={PASSWORD};Encrypt=True", PASSWORD),
    _case("jdbc", f"jdbc:postgresql://db:5432/app?user=app&password={PASSWORD}", PASSWORD),
    _case("docker-auth", json.dumps({"auths": {"r.internal": {"auth": BASIC}}}), BASIC),
    _case("k8s-secret", f"kind: Secret\ndata:\n  password: {PASSWORD64}\n", PASSWORD64),
    _case("azure-storage", f"AccountName=a;AccountKey={(ALNUM * 2)[:86]}==;EndpointSuffix=core", (ALNUM * 2)[:86]),
    _case("aws-secret-alone", f"aws_secret_access_key = {AWS_SECRET}\n", AWS_SECRET),
    _case("two-bare-aws-pairs", f"{AKIA} {AWS_SECRET}\n{AKIA[:-1]}7 {AWS_OTHER}\n", AKIA, AWS_SECRET, AWS_OTHER),
    _case("sentence", f"Hi, the password for the staging box is {PASSWORD}, please keep it.", PASSWORD),
    _case("chat", f"ok so login: robot / pw: {PASSWORD} and go", PASSWORD),
    _case("env-beside-a-vendor-key", f"STRIPE_KEY={STRIPE}\nDB_PASSWORD=hunter2-prod\n", STRIPE, "hunter2-prod"),
    _case("allow-comment", f"t = '{GH}'  # pragma: allowlist " + "secret, gitleaks:" + "allow", GH),
    _case("url-with-password", f"mongodb+srv://svc:{quote(PASSWORD)}@c0.example.net/x", quote(PASSWORD)),
    _case("second-occurrence", f"{GH} and once more {GH}", GH),
    _case("shell-history", f"  512  mysql -u root -p{PASSWORD} shop", PASSWORD),
    _case("yaml-in-markdown", f"```yaml\nclient_secret: {ALNUM[:32]}\n```", ALNUM[:32]),
    _case("generic-hex", f'api_key = "{HEX}"', HEX),
    _case("long-openai", f"OPENAI_API_KEY='{OPENAI}'", OPENAI),
    _case("slack", f"curl -H 'Authorization: Bearer {SLACK}'", SLACK),
    _case("xml", f"<server><username>robot</username><password>{PASSWORD}</password></server>", PASSWORD),
]  # fmt: skip

TRAPS = [
    _case("documentation-key", "aws_access_key_id = AKIAIOSFODNN7" + "EXAMPLE"),
    _case("documentation-url", "postgres://user:password@localhost:5432/db"),
    _case("mark-in-code", 'if line == "-----BEGIN PRIVATE KEY-----":\n    inside = True'),
    _case("both-marks-in-code", 'START = "-----BEGIN RSA PRIVATE KEY-----"\nEND = "-----END RSA PRIVATE KEY-----"'),
    _case("environment", 'api_key = os.environ["SHOP_API_KEY"]\ntoken = process.env.SHOP_TOKEN'),
    _case("variable-in-header", "curl -H 'Authorization: Bearer ${TOKEN}' https://h/x"),
    _case("uuid", "request_id: 8f14e45f-ceea-467f-a1d2-0c5c3b7e9f21"),
    _case("sri", f'integrity="sha384-{(ALNUM * 2)[:64]}" crossorigin'),
    _case(
        "lock-file", f'"resolved": "https://r/x/-/x-1.0.0.tgz#{HEX[:40]}", "integrity": "sha512-{(ALNUM * 2)[:86]}=="'
    ),
    _case("commit", f"commit {HEX}deadbeef\nAuthor: A <a@example.org>"),
    _case("certificate", f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----"),
    _case("public-key", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{ALNUM[:43]} me@host"),
    _case("placeholder", "SECRET_GITHUB_a1b2c3d4 and <YOUR_API_KEY> and sk-..."),
    _case("masked", "password: ******** token: xxxxxxxxxxxxxxxx key: REDACTED"),
    _case("types", "password: string; token?: string | null; apiKey = Field(default=None, max_length=64)"),
    _case("call", 'token = get_token("service-a1b2c3d4", refresh=True)'),
    _case("wire-id", '{"id": "toolu_01A09q90qw90lq917835lq9", "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}'),
    _case("image", "data:image/png;base64,iVBORw0KGgo" + ALNUM * 20),
    _case("cache-key", f'cache_key = "{HEX}"; primary_key = "{HEX}"'),
    _case("prose", "The password is required. A token is a piece of text; the key to it all is patience."),
    _case("format-string", "f'{scheme}://{user}:{password}@{host}/{name}'"),
    _case("vault-reference", "password: !vault secret/data/app#password\nsecret: op://vault/item/field"),
]


def texts() -> Iterator[str]:
    yield from (case.text for case in SECRETS)
    yield from (case.text for case in TRAPS)
