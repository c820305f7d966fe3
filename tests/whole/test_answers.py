"""What a model says is looked at too, though nobody asks it again."""

from __future__ import annotations

from pathlib import Path

from tests.support.answers import STREAMS
from tests.support.daemons import companion, wait_until
from tests.support.upstreams import send, upstream

VALUE = "hunter2-correct-horse"


def test_a_value_of_ones_own_files_in_a_last_answer_is_told_without_telling_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DB_PASSWORD={VALUE}\n")
    answer = STREAMS["chat"](f"The password is {VALUE}.", [], 5)
    body = {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": f"1. Working Directory: {tmp_path}"},
            {"role": "user", "content": "what is the password?"},
        ],
    }
    with companion() as made, upstream(lambda _head, _body: send(_head, answer, "text/event-stream")) as up:
        made.up("--upstream", up.url)
        made.post("/v1/chat/completions", body)
        log = made.places.log
        wait_until(lambda: "a secret in an answer" in log.read_text())
        [told] = [line for line in log.read_text().splitlines() if "a secret in an answer" in line]
        assert "SECRET_GENERIC_" in told
        assert "in your own secret files: 1" in told
        assert VALUE not in log.read_text()
        wait_until(lambda: "secret-answered" in made.run("status").stdout)
