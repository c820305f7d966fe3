import pytest

from companion.model.facts import Access
from companion.policy.knowledge.finding import Inner
from companion.policy.knowledge.index import CODE, FILES
from companion.policy.knowledge.tables import tool
from tests.support.knowledge import call, files, found, looks, said

LOOKS = """
helm list -n prod
helm status x -o json
helm install x y --dry-run
helm --version
terraform validate
terraform state list
terraform fmt -check
terraform output
npm ls --depth=0
npm view react versions --json
npm run
npm version
yarn why x
pnpm list -r
pip list --format=json
pip show -f x
uv pip list
cargo tree -i serde
cargo metadata --format-version 1 --no-deps
go list -m all
go env GOPATH
brew info --json=v2 python
brew --prefix python
gem list
composer show
apt list --installed
dpkg -l
systemctl status nginx
systemctl is-active nginx
journalctl -u nginx -n 50 --no-pager
vault status
op item list
gpg --list-keys
ssh-keygen -l -f id.pub
wrangler kv key list --namespace-id=x
fly apps list
vercel ls
heroku ps -a x
doctl compute droplet list
pulumi stack ls
ansible-doc -l
flux get all -A
velero backup get
ruff check src
black --check .
""".strip().splitlines()

ASKS = """
helm upgrade x y|cloud-write
helm uninstall x|cloud-delete
helm get values x|leaks-secret
helm template . --post-renderer ./x|unknown-option
helm plugin install x|install
terraform apply|tool-write
terraform destroy|tool-delete
terraform plan|build
terraform output -json|leaks-secret
terraform output name|leaks-secret
terraform state pull|leaks-secret
terraform show -json|leaks-secret
npm install|install
npm ci|install
npm run build|build
npm publish|publish
npm token list|leaks-secret
npm config get //r/:_authToken|leaks-secret
npm version major|project-change
npx x|install
pip install x|install
pip list --log x|
cargo install x|install
cargo build|build
cargo publish|publish
cargo tree --config x|unknown-option
go get x|install
go env -w A=b|unknown-option
brew install x|install
brew services list|tool-write
brew frobnicate|unknown-option
apt-get remove x|tool-delete
systemctl restart x|tool-write
systemctl show-environment|leaks-secret
systemctl reboot|runs-other
journalctl --vacuum-size=1|unknown-option
vault kv get x|leaks-secret
vault policy write a b|cloud-permissions
op read op://a/b|leaks-secret
pass show x|leaks-secret
pass x|leaks-secret
gpg --export-secret-keys|unknown-option
ssh-keygen -y -f id|unknown-option
security find-generic-password -w|leaks-secret
heroku config|leaks-secret
heroku apps:destroy|cloud-delete
vercel env pull|leaks-secret
netlify env:list|leaks-secret
fly auth token|leaks-secret
kustomize build .|build
pulumi stack output --show-secrets|leaks-secret
doctl auth token|leaks-secret
""".strip().splitlines()


@pytest.mark.parametrize("command", LOOKS)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize("row", ASKS)
def test_what_is_asked_about(row):
    command, _, code = row.partition("|")
    if code:
        assert code in said(command)
    else:
        assert not looks(command)


@pytest.mark.parametrize("program", sorted(FILES.keys() - CODE.keys()))
def test_law_an_unknown_option_is_asked_about(program):
    known = tool(program)
    words = ["--no-such-option-of-anything"]
    assert said(f"{program} {words[0]}") & {"unknown-option", "unknown-command"}
    for word, node in known.root.children.items():
        if not (node.rows and node.rows[-1].operands == "run"):
            assert said(f"{program} {word} {words[0]} x") & {"unknown-option", "unknown-command"}, word


@pytest.mark.parametrize("program", sorted(FILES.keys() - CODE.keys()))
def test_law_an_unknown_command_is_asked_about(program):
    if any(row.what == "read" and row.most is None for row in tool(program).root.rows):
        assert looks(f"{program} no-such-command") or said(f"{program} no-such-command")
    else:
        assert said(f"{program} no-such-command-of-anything x y")


def test_help_is_only_help_where_all_in_front_of_it_is_known():
    assert looks("helm install --help")
    assert said("helm install --strange --help") >= {"unknown-option"}


def test_files_that_options_and_operands_name():
    assert files("helm lint chart -f values.yaml") == [("read", "chart", "tree"), ("read", "values.yaml", "")]
    # A linter shows of the files of its own language what is wrong there, not what other files hold.
    assert files("ruff check .") == [("read", ".", "names")]
    assert files("pip hash a.whl") == [("read", "a.whl", "")]
    assert files("pip list --log=x.log") == [("write", "x.log", "")]
    assert files("terraform -chdir=infra validate") == [("read", "infra", "tree")]


def test_a_program_behind_a_runner():
    assert found("uv run --frozen ls -la") == (Inner(2),)
    assert said("uv run --with x ls") == {"unknown-option"}


def test_a_call_says_for_whom_and_where():
    told = call("doctl --context work compute droplet list --region fra1")
    assert (told.service, told.operation, told.access) == ("digitalocean", "compute droplet list", Access.READ)
    assert (told.account, told.region) == ("work", "fra1")
    assert call("vault read -address=https://v:8200 x").endpoint == "https://v:8200"
