import re
import subprocess
import sys

from companion.scan.secrets.engine import installed


def test_a_package_has_its_version_and_one_that_is_not_there_has_none():
    assert re.fullmatch(r"\d+(\.\d+)+", installed("httpx"))
    assert installed("no-such-package-of-anybody") == ""


def test_a_start_does_not_load_what_tells_versions():
    asked = "import sys, companion.daemon; sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
