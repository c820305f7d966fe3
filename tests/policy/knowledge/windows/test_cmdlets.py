import pytest

from companion.policy.knowledge.windows.cmdlets import ALIASES, KNOWN, name_of
from tests.support.knowledge import files, looks, said


@pytest.mark.parametrize(
    "command",
    [
        "Get-ChildItem -Recurse src",
        "Get-Content README.md -TotalCount 5",
        "Get-Process",
        "Get-Random",
        "Write-Host hello",
        "Select-String -Pattern x -Path a.txt",
        "Test-Path src",
        "Get-ItemProperty HKLM:\\\\Software",
        "Sort-Object Name",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("Remove-Item x", "rm"),
        ("Remove-Item x -Recurse -Force", "rm-recursive"),
        ("Set-Content x y", "file-change"),
        ("Invoke-Expression x", "eval"),
        ("Invoke-WebRequest https://x", "network"),
        ("Start-Process x", "runs-other"),
        ("Stop-Process -Name x", "kill"),
        ("Format-Volume -DriveLetter D", "disk"),
        ("Restart-Computer x", "power"),
        ("Set-ExecutionPolicy Bypass", "privilege"),
        ("Install-Module x", "install"),
        ("Get-Credential x", "leaks-secret"),
        ("Get-ChildItem Env:", "reads-environment"),
        ("Get-Content C:\\\\x", "unknown-path"),
        ("Get-Content ?", "unknown-word"),
        ("Frobnicate-Thing x", "unknown-program"),
        ("Set-Alias a b", "defines-function"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_files():
    assert files("Get-Content a.txt") == [("read", "a.txt", "")]
    assert files("Get-Content -Path:a.txt") == [("read", "a.txt", "")]
    assert files("Get-Content -LiteralPath 'a b'") == [("read", "a b", "")]
    assert files("Get-ChildItem") == [("read", ".", "names")]
    assert files("Select-String x a.txt") == [("read", "a.txt", "")]
    assert files("Remove-Item a b") == [("delete", "a", ""), ("delete", "b", "")]
    assert files("Copy-Item a -Destination b") == [("write", "a", ""), ("write", "b", "")]


def test_aliases_are_of_commands_that_are_known():
    assert all(name in KNOWN or name.startswith("get-") for name in ALIASES.values())
    assert name_of("GCI") == "get-childitem"
    assert name_of("Microsoft.PowerShell.Management\\Get-Item") == "get-item"
