"""What is private, and what is more than a file, whatever a workspace says. Data, in the syntax of ignore files."""

from __future__ import annotations

from companion.policy.ignore.rules import IgnoreFile, Rules

SECRETS = "companion's default list"
"""The source that a match of `secret_files` names."""

# The line in the middle re-includes folders, as .env is also a name for virtual environments; those below it are
# folders in which everything is a credential.
_SECRET_FILES = b"""\
.env
.env.*
.env-*
.env_*
.envrc
!.env.example
!.env.sample
!.env.template
!.env.dist
!.env.defaults
!.env.*.example
!.env.*.sample
!.env.*.template
!.env-example
!.env-sample
!.env-template
*.pem
*.key
*.p8
*.p12
*.pfx
*.pkcs12
*.jks
*.keystore
*.ppk
*.kdbx
*.ovpn
id_rsa*
id_ed25519*
id_ecdsa*
id_dsa*
id_*_sk
!id_*.pub
.netrc
_netrc
.pypirc
.pgpass
.my.cnf
.htpasswd
.boto
.s3cfg
.dockercfg
.vault-token
.terraformrc
.git-credentials
credentials.json
application_default_credentials.json
service-account*.json
service_account*.json
client_secret*.json
*.tfstate
*.tfstate.backup
kubeconfig
*.kubeconfig
**/.docker/config.json
**/.cargo/credentials
**/.cargo/credentials.toml
**/.gem/credentials
**/.terraform.d/credentials.tfrc.json
**/.config/gh/hosts.yml
**/.config/rclone/rclone.conf
!*/
.aws/
.azure/
.kube/
.gnupg/
.password-store/
**/.config/gcloud/
**/.local/share/keyrings/
**/.ssh/*
!**/.ssh/*.pub
!**/.ssh/known_hosts*
!**/.ssh/authorized_keys
!**/.ssh/config
"""

_AGENTS = "agents take their settings, hooks and servers from it"
_EDITOR = "the editor runs programs that it names"
_GIT = "git's settings decide which programs git runs"

_ANYWHERE = (
    (_GIT, b".git"),
    ("it is companion's policy for a workspace", b".companion.toml"),
    ("git's ignore rules decide what an agent may read", b".gitignore"),
    (_AGENTS, b".cline\n.codex\n**/.claude/settings*.json\n**/.claude/hooks\n**/.clinerules/hooks\n.mcp.json"),
    (_EDITOR, b"**/.vscode/settings.json\n**/.vscode/tasks.json\n**/.vscode/launch.json"),
    ("direnv runs it on entering the folder", b".envrc"),
    (
        "it is a program that the project's tests and builds run",
        b"**/node_modules/.bin\n**/.venv/bin\n**/venv/bin\n**/vendor/bin",
    ),
)

_AT_HOME = (
    (_AGENTS, b"/.cline\n/.claude\n/.claude.json\n/.codex\n/Documents/Cline/Hooks"),
    (
        "it runs when the user logs in or opens a shell",
        (
            b"/.bashrc\n/.bash_profile\n/.bash_login\n/.bash_logout\n/.profile\n/.zshrc\n/.zshenv\n/.zprofile\n/.zlogin\n"
            b"/.zlogout\n/.kshrc\n/.cshrc\n/.tcshrc\n/.login\n/.config/fish\n/.config/autostart\n/.config/systemd\n"
            b"/Library/LaunchAgents"
        ),
    ),
    ("it decides who may log in as this user", b"/.ssh"),
    (_GIT, b"/.gitconfig\n/.config/git"),
)


def secret_files(*, fold_case: bool = False) -> Rules:
    """Files that are denied though no ignore file names them. For paths from the root of the disk."""
    return Rules((IgnoreFile.read(SECRETS, "", _SECRET_FILES, fold_case=fold_case),))


def privileged_anywhere(*, fold_case: bool = False) -> Rules:
    """Files where a write is more than a write, at any depth. The source of a match is the reason."""
    return _with_reasons(_ANYWHERE, fold_case=fold_case)


def privileged_at_home(*, fold_case: bool = False) -> Rules:
    """As `privileged_anywhere`, for paths from the user's home folder."""
    return _with_reasons(_AT_HOME, fold_case=fold_case)


def _with_reasons(table: tuple[tuple[str, bytes], ...], *, fold_case: bool) -> Rules:
    return Rules(tuple(IgnoreFile.read(reason, "", patterns, fold_case=fold_case) for reason, patterns in table))
