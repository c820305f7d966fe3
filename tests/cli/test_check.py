from __future__ import annotations

import pytest
from click.testing import CliRunner

from companion.cli.check import CHECKS, check


@pytest.mark.parametrize("name", ["", *CHECKS])
def test_every_check_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(check, [name, "--help"] if name else ["--help"])
    assert result.exit_code == 0, result.output
