"""Names under which people keep secrets, whether or not an ignore file lists them."""

from __future__ import annotations

from fnmatch import fnmatchcase

_NAMES = frozenset(
    {".env", ".envrc", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".boto", ".git-credentials", ".htpasswd"}
    | {
        ".my.cnf",
        ".s3cfg",
        ".dockercfg",
        ".vault-token",
        ".terraformrc",
        "kubeconfig",
        "master.key",
        "id_rsa",
        "id_dsa",
    }
    | {"id_ecdsa", "id_ed25519", "credentials", "credentials.json", "credentials.toml", "secrets.json", "secrets.yml"}
    | {"secrets.yaml", "secrets.toml", "secrets.env", "service-account.json", "terraform.tfstate"}
)
_PATTERNS = (".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk")
_HARMLESS_ENDINGS = (".example", ".sample", ".template", ".dist")
_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud"})
_EXAMPLES = (*_NAMES, ".env.local", "server.pem", "server.key", "store.p12")


def may_hold_secrets(path: str) -> bool:
    """Whether a file of this path, or one that this glob can match, is where people keep secrets."""
    *folders, name = path.lower().split("/")
    if _FOLDERS & {*folders, name}:
        return True
    if name.endswith(_HARMLESS_ENDINGS):
        return False
    if name in _NAMES or any(fnmatchcase(name, pattern) for pattern in _PATTERNS):
        return True
    # "*" alone never matches a name that begins with a dot.
    return any(mark in name for mark in "*?[") and any(
        fnmatchcase(example, name)
        for example in _EXAMPLES
        if not example.startswith(".") or name.startswith((".", "["))
    )
