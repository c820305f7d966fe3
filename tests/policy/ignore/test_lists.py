"""The lists that need no ignore file."""

import pytest

from companion.policy.ignore.lists import SECRETS, privileged_anywhere, privileged_at_home, secret_files
from companion.policy.ignore.rules import decide

SECRET = (
    ".env",
    "w/.env",
    "w/.env.local",
    "w/.env.production.local",
    "w/a.pem",
    "w/tls.key",
    "home/u/.ssh/id_rsa",
    "home/u/.ssh/id_ed25519",
    "w/id_rsa_work",
    "home/u/.netrc",
    "home/u/.pypirc",
    "home/u/.aws/credentials",
    "home/u/.kube/config",
    "w/credentials.json",
    "w/x.p12",
    "w/x.pfx",
    "home/u/.git-credentials",
    "home/u/.docker/config.json",
    "w/.env/.env",
    "w/.envrc",
    "w/.env-prod",
    "home/u/.aws/config",
    "home/u/.aws/sso/cache/x.json",
    "home/u/.config/gcloud/access_tokens.db",
    "home/u/.azure/msal_token_cache.json",
    "home/u/.gnupg/private-keys-v1.d/x",
    "home/u/.ssh/work",
    "w/service-account.json",
    "w/terraform.tfstate",
    "w/release.jks",
    "w/kubeconfig",
)

OPEN = (
    "w/.env.example",
    "w/.env.sample",
    "w/.env.template",
    "w/.env.local.example",
    "w/id_rsa.pub",
    "w/.npmrc",
    "w/config.json",
    "w/environment",
    "home/u/.ssh/config",
    "home/u/.ssh/known_hosts",
    "home/u/.ssh/id_rsa.pub",
    "w/.env.dist",
    "w/keys.py",
    "w/.env/lib/site.py",
    "w/certs.pem/readme",
)

PRIVILEGED = (
    ".git/hooks/pre-commit",
    ".git",
    "sub/.git/config",
    ".companion.toml",
    ".gitignore",
    "sub/.gitignore",
    ".cline/hooks/x",
    ".codex/config.toml",
    ".claude/settings.json",
    ".claude/settings.local.json",
    "sub/.claude/settings.json",
    ".clinerules/hooks/PreToolUse",
    ".mcp.json",
    ".vscode/settings.json",
    ".vscode/tasks.json",
    ".envrc",
    "node_modules/.bin/tsc",
    "w/node_modules/.bin/tsc",
    ".venv/bin/activate",
    "w/venv/bin/python",
    "vendor/bin/phpunit",
)

PLAIN = [
    ".github/workflows/x.yml",
    ".claude/commands/x.md",
    ".clinerules/style.md",
    ".vscode/extensions.json",
    "gitignore",
    "a.git",
]

AT_HOME = [
    ".bashrc",
    ".zshrc",
    ".profile",
    ".claude/x",
    ".claude.json",
    ".cline/x",
    ".codex/config.toml",
    ".ssh/authorized_keys",
    ".gitconfig",
]


@pytest.mark.parametrize("path", SECRET)
def test_secret_files(path):
    found = decide(secret_files(), path, is_dir=False)
    assert found is not None
    assert (found.source, found.denied) == (SECRETS, True)


@pytest.mark.parametrize("path", OPEN)
def test_no_secret_files(path):
    assert decide(secret_files(), path, is_dir=False) is None


def test_secret_files_on_a_disk_that_folds_case():
    assert decide(secret_files(fold_case=True), "w/.ENV", is_dir=False)
    assert decide(secret_files(), "w/.ENV", is_dir=False) is None


@pytest.mark.parametrize("path", PRIVILEGED)
def test_privileged_files_say_why(path):
    found = decide(privileged_anywhere(), path, is_dir=False)
    assert found is not None
    assert " " in found.source


@pytest.mark.parametrize("path", PLAIN)
def test_no_privileged_files(path):
    assert decide(privileged_anywhere(), path, is_dir=False) is None


@pytest.mark.parametrize("path", AT_HOME)
def test_privileged_files_at_home(path):
    assert decide(privileged_at_home(), path, is_dir=False)
    assert decide(privileged_at_home(), f"project/{path}", is_dir=False) is None
