"""The capture keeps bytes and finds what must not be in them."""

import json
import sys

import pytest

from companion.demo.record import Capture, Captured, Leak


def request(body, headers=(("host", "model"),)):
    return Captured("POST", "/v1/messages", headers, body)


@pytest.mark.parametrize(
    "body",
    [
        b'say "quoted" now',
        json.dumps({"text": 'say "quoted" now'}).encode(),
        json.dumps([{'a "quoted" key': 1}]).encode(),
        json.dumps({"arguments": json.dumps({"text": '"quoted"'})}).encode(),
        b'{"text":"\\u0022quote\\u0064\\u0022"}',
    ],
)
def test_a_needle_is_found_however_it_is_escaped(body):
    capture = Capture()
    capture.add(request(b"{}"))
    capture.add(request(body))
    assert capture.find(['"quoted"', "absent", ""]) == [Leak(1, "/v1/messages", '"quoted"')]


def test_headers_and_target_are_looked_at_too():
    capture = Capture()
    capture.add(Captured("GET", "/v1/models?key=abc", (("x-key", "def"),), b""))
    assert [leak.needle for leak in capture.find(["abc", "def"])] == ["abc", "def"]
    assert capture.total_bytes == 0


def test_the_file_gets_one_line_a_request_and_is_private(tmp_path):
    file = tmp_path / "capture.jsonl"
    capture = Capture(file)
    capture.add(request("grüße\n".encode()))
    capture.add(request(b"\xff\x00"))
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert lines[0]["body"] == "grüße\n"
    assert lines[1]["body_base64"] == "/wA="
    assert lines[0]["headers"] == [["host", "model"]]
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600
