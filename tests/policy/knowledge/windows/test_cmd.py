import pytest

from companion.policy.knowledge.finding import Fact, Script
from companion.policy.knowledge.windows.cmd import judge_cmd, judge_cmd_call

ON = {"read", "write", "delete"}


def codes(text: str) -> set[str]:
    return {each.code for each in judge_cmd(text) if isinstance(each, Fact) and each.kind not in ON}


def targets(text: str) -> list[tuple[str, str, str]]:
    return [
        (each.kind.value, each.target, each.code)
        for each in judge_cmd(text)
        if isinstance(each, Fact) and each.kind in ON
    ]


@pytest.mark.parametrize(
    "text",
    ["dir", "dir /s src", "type README.md", "echo hi", "ver & whoami", "reg query HKLM", "findstr x a.txt", "tasklist",
     "ipconfig /all", "@echo hi > nul", ""],
)  # fmt: skip
def test_what_only_looks(text):
    assert codes(text) == {""}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("del x", "rm"),
        ("DEL /S /Q x", "rm-recursive"),
        ("rd/s/q x", "rm-recursive"),
        ("d^el x", "rm"),
        ("dir && rmdir x", "rm"),
        ("copy a b", "file-change"),
        ("format D:", "disk"),
        ("vssadmin delete shadows", "disk"),
        ("bcdedit /set x", "service"),
        ("reg add HKLM", "service"),
        ("taskkill /f /im x", "kill"),
        ("taskkill.exe /f", "kill"),
        ("shutdown /s", "power"),
        ("net user x y /add", "privilege"),
        ("start x", "runs-other"),
        ("certutil -urlcache x", "network"),
        ("echo %PATH%", "shell-text"),
        ("for %i in (x) do del %i", "shell-text"),
        ("(del x)", "shell-text"),
        ("set", "reads-environment"),
        ("set X=1", "sets-environment"),
        ("x.bat", "runs-script"),
        ("C:\\x.exe", "runs-a-file"),
        ("ipconfig /release", "service"),
        ("date 1-1-2020", "service"),
        ("type C:\\x", "unknown-path"),
        ("sort a /o b", "unknown-option"),
        ("powershell -c del x", "rm"),
        ("cmd /c del x", "rm"),
        ("ping h", "network"),
    ],
)
def test_what_is_asked_about(text, code):
    assert code in codes(text)


def test_files():
    assert targets("type a\\b.txt") == [("read", "a/b.txt", "")]
    assert targets("dir") == [("read", ".", "names")]
    assert targets("del a b") == [("delete", "a", ""), ("delete", "b", "")]
    assert targets("echo x>out.txt") == [("write", "out.txt", "")]
    assert targets("findstr x a.txt") == [("read", "a.txt", "")]
    assert targets("more < in.txt") == [("read", "in.txt", "")]


def test_programs_of_the_system_are_what_they_are_anywhere():
    assert [each.text for each in judge_cmd("git status & npm.exe ls") if isinstance(each, Script)] == [
        "git status",
        "npm ls",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["/c", "dir"], ""),
        (["/d", "/s", "/c", "dir"], ""),
        (["/cdir"], ""),
        (["/c", '"del x"'], "rm"),
        (["/k", "del", "x"], "rm"),
        (["/?"], ""),
        ([], "shell-text"),
        (["/c", None], "shell-text"),
        (["/strange", "/c", "dir"], "shell-text"),
    ],
)
def test_calls(words, code):
    found = [each.code for each in judge_cmd_call(words) if isinstance(each, Fact) and each.kind not in ON]
    assert code in found
    assert code or set(found) == {""}
