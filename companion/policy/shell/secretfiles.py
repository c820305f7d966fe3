"""Names under which people keep secrets, whether or not an ignore file lists them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

_NAMES = frozenset(
    {".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".boto", ".git-credentials", ".htpasswd", ".my.cnf", ".s3cfg"}
    | {".dockercfg", ".vault-token", ".terraformrc", "kubeconfig", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"}
    | {"credentials", "credentials.json", "credentials.toml", "secrets.json", "secrets.yml", "secrets.yaml"}
    | {"secrets.toml", "service-account.json", "terraform.tfstate"}
)
_PATTERNS = ("*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk")
_HARMLESS_ENDINGS = (".example", ".sample", ".template", ".dist")
_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud"})
# Only names that a glob with some letters in it would be meant for: "*" alone matches anything.
_EXAMPLES = (".env", ".netrc", ".npmrc", ".pypirc", ".pgpass", ".git-credentials", "id_rsa", "server.pem")


@lru_cache(maxsize=4096)
def may_hold_secrets(path: str) -> bool:
    """Whether a file of this path, or one that this glob can match, is where people keep secrets."""
    *folders, name = path.lower().split("/")
    if _FOLDERS & {*folders, name}:
        return True
    if name.endswith(_HARMLESS_ENDINGS):
        return False
    if name.startswith(".env") or name in _NAMES or any(fnmatchcase(name, pattern) for pattern in _PATTERNS):
        return True
    if not name.strip("*?") or not any(mark in name for mark in "*?["):
        return False
    hidden = name.startswith((".", "["))
    return any(fnmatchcase(example, name) for example in _EXAMPLES if hidden or not example.startswith("."))
