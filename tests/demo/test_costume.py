"""The markers by which a gateway knows Cline, its workspace and its mode."""

from companion.demo.costume import system_prompt, tool_list


def names(mode):
    return {tool["function"]["name"] for tool in tool_list(mode)}


def test_the_working_directory_stands_on_its_own_line(tmp_path):
    assert f"4. Working Directory: {tmp_path}" in system_prompt(tmp_path, "act").splitlines()


def test_plan_is_marked_by_the_prompt_and_by_the_missing_editor(tmp_path):
    marker = "# Plan Mode\n\nYou are in Plan mode."
    assert marker in system_prompt(tmp_path, "plan")
    assert marker not in system_prompt(tmp_path, "act")
    assert "# Plan / Act Modes" in system_prompt(tmp_path, "act")
    assert names("act") - names("plan") == {"editor"}


def test_the_rules_of_the_workspace_are_in_the_prompt(tmp_path):
    (tmp_path / ".clinerules").mkdir()
    (tmp_path / ".clinerules" / "a.md").write_text("- be brief\n")
    assert "# Rules" not in system_prompt(tmp_path / "elsewhere", "act")
    assert "- be brief" in system_prompt(tmp_path, "act")
