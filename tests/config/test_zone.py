"""Which names are zones, and where the system's is found."""

import pytest

from companion.config.complaints import Unfit
from companion.config.zone import is_zone, read_zone, system_zone, zone_from_environment


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"])
def test_zones(name):
    assert is_zone(name)
    assert read_zone(name) == name


@pytest.mark.parametrize("name", ["", ".", "Europe", "../x", "/etc/localtime", "a\0b", "x" * 300, "Mars/Olympus", 1])
def test_what_is_no_zone(name):
    with pytest.raises(Unfit):
        read_zone(name)


@pytest.mark.parametrize(
    ("tz", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        (":Europe/Paris", "Europe/Paris"),
        ("/usr/share/zoneinfo/Europe/Paris", "Europe/Paris"),
        ("/usr/share/zoneinfo/posix/Europe/Paris", "Europe/Paris"),
        ("<+03>-3", None),
        ("", None),
    ],
)
def test_tz(tz, zone):
    assert zone_from_environment({"TZ": tz}) == zone


def test_the_systems_zone(tmp_path):
    link, name = tmp_path / "localtime", tmp_path / "timezone"
    assert system_zone(link, name) is None
    name.write_text("Asia/Tokyo\n")
    assert system_zone(link, name) == "Asia/Tokyo"
    target = tmp_path / "zoneinfo" / "Europe" / "Rome"
    target.parent.mkdir(parents=True)
    target.touch()
    link.symlink_to(target)
    assert system_zone(link, name) == "Europe/Rome"
    name.write_bytes(b"\xff")
    assert system_zone(name, name) is None
