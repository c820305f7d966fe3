import pytest

from companion.model.verdict import Allow
from companion.policy.knowledge.gtfobins import Ability, abilities, programs
from companion.policy.shell.knowledge import READERS
from tests.policy.guards.test_commands import judge


def test_abilities():
    assert abilities("gawk") >= {Ability.RUNS, Ability.WRITES, Ability.READS}
    assert abilities("no-such-program") == frozenset()
    assert len(programs(Ability.RUNS)) > 200


@pytest.mark.parametrize("name", sorted(READERS))
def test_law_a_reader_that_can_do_more_lists_its_options(name):
    if abilities(name) & {Ability.RUNS, Ability.WRITES}:
        assert "*" not in READERS[name].options.split(), (
            f"{name} can run or write: say under which options it only reads"
        )


@pytest.mark.parametrize(
    "command",
    [
        "sort --compress-program=./x a",
        "sort -o a b",
        "sort --files0-from=a",
        "rg --pre ./x foo",
        "rg --hostname-bin ./x foo",
        "man --html=./x ls",
        "man -P ./x ls",
        "tar --checkpoint=1 --checkpoint-action=exec=./x -cf a b",
        "tar -xf a --to-command=./x",
        "tar -I ./x -tf a",
        "awk 'BEGIN { system(\"x\") }'",
        "awk 'BEGIN { print > \"x\" }'",
        "sed 's/a/b/e' x",
        "sed 'w out' x",
        "sed --expression='1e ls' x",
        "vim -c '!x' a",
        "vim -es -c ':w! out' a",
        "ed a",
        "git grep -O./x foo",
        "git grep --open-files-in-pager=./x foo",
        "find . -fprintf out x",
        "find . -fls out",
        "zip a.zip b -T -TT './x'",
        "rsync -e ./x a b:c",
        "ssh -o ProxyCommand=./x h",
        "dd if=/dev/zero of=a",
        "env -S './x y'",
        "xargs ./x",
        "watch ./x",
        "strace -o out ./x",
        "gdb -batch -ex 'shell ls'",
        "openssl enc -in /etc/x",
        "openssl req -engine ./x",
        "date -f private/x",
        "date -s 2020-01-01",
        "file -m private/x y",
        "file -f private/x",
        "wc --files0-from=private/x",
        "diff private/x README.md",
        "cut -f1 private/x",
        "od private/x",
        "base64 private/x",
        "xxd a out",
        "uniq a out",
        "nl private/x",
        "split a out",
        "python -c 'import os'",
        "perl -e 'x'",
        "busybox sh",
        "nmap --interactive",
        "expect -c 'spawn x'",
        "make -f a",
        "cpan x",
        "less -o out a",
        "tcpdump -z ./x",
        "mysql -e '\\! x'",
        "sqlite3 a.db '.shell x'",
        "psql -c '\\! x'",
        "docker run -v /:/h x",
        "systemctl edit x",
        "journalctl --cursor-file=out",
        "pip install x",
        "npm exec x",
        "gem open -e ./x y",
        "go run x.go",
        "crontab -e",
        "tee /etc/x",
        "cp a /etc/x",
        "curl -o /etc/x h",
        "wget --use-askpass=./x h",
        "flock a ./x",
        "timeout 1 ./x",
        "nice ./x",
        "stdbuf -o0 ./x",
        "script -c ./x",
        "entr ./x",
        "jq -n 'env'",
        "jq --rawfile a private/x .",
        "fd -x ./x",
        "ip netns exec x ./y",
    ],
)
def test_what_a_common_program_can_be_made_to_do_is_never_silent(command):
    assert not isinstance(judge(command), Allow)
