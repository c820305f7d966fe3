import pytest

from companion.model.facts import Access
from tests.support.knowledge import access, call, files, looks, said


@pytest.mark.parametrize(
    "command",
    [
        "gcloud compute instances list --project p --format=json",
        "gcloud --project delete compute instances list",
        "gcloud compute instances describe vm-1 --zone x",
        "gcloud run services list",
        "gcloud beta run services describe x",
        "gcloud projects get-iam-policy p",
        "gcloud config configurations list",
        "gcloud logging read 'severity>=ERROR' --limit 5",
        "gcloud compute instances delete --help",
        "gcloud version",
        "az vm list -g x --output table",
        "az --subscription delete vm list",
        "az account show",
        "az keyvault secret list --vault-name v",
        "az keyvault key list --vault-name v",
        "az tag list",
        "az pipelines build list --project p",
        "az devops configure --list",
        "az rest --url https://management.azure.com/subscriptions?api-version=2020",
        "az vm delete --help",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("gcloud compute instances delete vm", "cloud-delete"),
        ("gcloud compute instances delete list", "cloud-delete"),
        ("gcloud compute instances suspend list", "cloud-write"),
        ("gcloud compute frobnicate list", "unknown-command"),
        ("gcloud run deploy x", "cloud-write"),
        ("gcloud projects add-iam-policy-binding p --member m", "cloud-permissions"),
        ("gcloud auth print-access-token", "leaks-secret"),
        ("gcloud secrets versions access latest --secret x", "leaks-secret"),
        ("gcloud redis instances get-auth-string x", "leaks-secret"),
        ("gcloud auth login", "login"),
        ("gcloud config set project x", "login"),
        ("gcloud container clusters get-credentials x", "login"),
        ("gcloud compute instances list --flags-file f", "unknown-option"),
        ("gcloud --strange compute instances list", "unknown-option"),
        ("gcloud compute instances list ?", "unknown-word"),
        ("gcloud compute ?", "unknown-word"),
        ("az vm delete -n x", "cloud-delete"),
        ("az vm delete list", "cloud-delete"),
        ("az vm list extra", "unknown-option"),
        ("az role assignment create --role x", "cloud-permissions"),
        ("az keyvault secret show -n x", "leaks-secret"),
        ("az storage account keys list -n x", "leaks-secret"),
        ("az account get-access-token", "leaks-secret"),
        ("az aks get-credentials -n x", "login"),
        ("az login", "login"),
        ("az vm frobnicate", "unknown-command"),
        ("az rest --method delete --url /x", "cloud-delete"),
        ("az rest --url https://evil.example/x", "network"),
        ("az vm list ?", "unknown-word"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_files():
    assert files("az storage blob download -n x -f out.bin") == [("write", "out.bin", "")]
    assert files("az storage blob download --file=out.bin") == [("write", "out.bin", "")]
    assert files("az monitor list --parameters @in.json --x=@b") == [("read", "in.json", ""), ("read", "b", "")]
    assert files("gcloud --access-token-file t projects list") == [("read", "t", "")]


def test_whose_call_it_is():
    told = call("gcloud --project p compute instances list --zone=z")
    assert (told.operation, told.access, told.account, told.region) == ("compute instances list", Access.READ, "p", "z")
    assert call("az vm list --subscription s").account == "s"
    assert access("az rest --url /x") is Access.READ
