from companion.policy.accounts import ACCOUNTS, REGIONS, tools_in, variables_for


def test_a_tool_counts_where_its_name_is_a_word():
    assert tools_in("sudo /usr/bin/aws s3 ls") == {"aws"}
    assert tools_in("laws awsome az-cli") == {"az"}


def test_a_command_without_such_a_tool_has_none():
    assert variables_for("npm test") == ()


def test_every_tool_with_a_region_has_an_account():
    assert REGIONS.keys() <= ACCOUNTS.keys()
    for tool, names in ACCOUNTS.items():
        assert variables_for(f"{tool} x") == (*names, *REGIONS.get(tool, ()))
