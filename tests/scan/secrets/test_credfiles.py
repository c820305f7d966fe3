import pytest

from companion.scan.secrets.credfiles import credential_values, is_credential_name
from tests.scan.secrets.adversarial import ALNUM, KEY, LINES, PASSWORD

TOKEN = ALNUM[:32]


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        (".netrc", f"machine h login robot password {PASSWORD}\n", [PASSWORD]),
        (".npmrc", f"email=a@b.c\n//r.example.org/:_authToken={TOKEN}\nalways-auth=true\n", [TOKEN]),
        (".pypirc", f"[pypi]\nusername = __token__\npassword = {TOKEN}\n", [TOKEN]),
        (".pgpass", f"#h:p:d:u:p\ndb:5432:shop:robot:{PASSWORD}\n", [PASSWORD]),
        (".git-credentials", f"https://robot:{TOKEN}@git.example.org\n", [TOKEN]),
        (
            "credentials",
            f"[default]\naws_access_key_id = {TOKEN[:20]}\naws_secret_access_key = {TOKEN}9\n",
            [f"{TOKEN}9"],
        ),
        ("credentials.json", f'{{"client_id": "abc.example", "client_secret": "{TOKEN}"}}', [TOKEN]),
        ("secrets.yaml", f"db:\n  password: '{PASSWORD}'\n  host: db.internal\n", [PASSWORD]),
        ("config.yaml", "", []),
        ("kubeconfig", f"certificate-authority-data: {TOKEN}1\nclient-key-data: {TOKEN}2\n", [f"{TOKEN}2"]),
        ("master.key", f"{TOKEN}\n", [TOKEN]),
        ("server.pem", KEY, LINES),
        ("key.json", "", []),
        ("terraform.tfvars", f'db_password = "{PASSWORD}"\nregion = "eu-west-1"\n', [PASSWORD]),
        (".htpasswd", f"robot:$apr1${ALNUM[:8]}${ALNUM[:22]}\n", [f"$apr1${ALNUM[:8]}${ALNUM[:22]}"]),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_what_a_file_keeps_is_taken(name: str, text: str, values: list[str]) -> None:
    assert credential_values(name, text) == values


def test_certificates_and_placeholders_are_not() -> None:
    assert credential_values("ca.pem", "-----BEGIN CERTIFICATE-----\n" + "\n".join(LINES)) == []
    assert credential_values("secrets.yaml", "password: changeme\ntoken: ${TOKEN}\nkey_file: /run/key") == []


def test_files_are_known_by_name() -> None:
    assert all(map(is_credential_name, (".netrc", "server.key", "id_ed25519", "prod.auto.tfvars", "secrets.yml")))
    assert not any(map(is_credential_name, ("package.json", "main.py", "README.md", "keyboard.ts", "config")))
