import pytest

from companion.policy.knowledge.finding import Input
from tests.support.knowledge import looks, said


@pytest.mark.parametrize(
    "command",
    [
        "redis-cli GET x",
        "redis-cli -h h -p 1 -a pw -n 2 --raw hgetall x",
        "redis-cli keys '*'",
        "redis-cli --scan --pattern 'a*'",
        "redis-cli info memory",
        "redis-cli client list",
        "mongosh --eval 'db.users.find({a: 1}).limit(5)'",
        "mongosh mongodb://h/app --quiet --eval 'show dbs'",
        "mongosh --eval 'db.getSiblingDB(\"x\").y.countDocuments({})'",
        "mongosh --eval 'rs.status()'",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("redis-cli", "database"),
        ("redis-cli FLUSHALL", "sql-destroy"),
        ("redis-cli -n 1 flushdb async", "sql-destroy"),
        ("redis-cli set a b", "sql-write"),
        ("redis-cli config get requirepass", "sql-runs"),
        ("redis-cli CONFIG SET dir /x", "sql-runs"),
        ("redis-cli eval 'x' 0", "sql-runs"),
        ("redis-cli --eval x.lua", "unknown-option"),
        ("redis-cli --rdb x", "unknown-option"),
        ("redis-cli -x get a", "unknown-option"),
        ("redis-cli ?", "sql-write"),
        ("redis-cli get ?", "sql-write"),
        ("mongosh", "database"),
        ("mongosh x.js", "runs-script"),
        ("mongosh --eval 'db.x.drop()'", "sql-destroy"),
        ("mongosh --eval 'db.x.find(); db.x.deleteMany({})'", "sql-destroy"),
        ("mongosh --eval 'db.x.insertOne({})'", "sql-unknown"),
        ("mongosh --eval 'db.x.find({$where: \"x\"})'", "sql-unknown"),
        ("mongosh --eval 'db.x.aggregate([{$out: \"y\"}])'", "sql-unknown"),
        ("mongosh --eval 'db.x.find({a: load(1)})'", "sql-unknown"),
        ("mongosh --eval ?", "unknown-option"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_what_stands_on_the_input():
    assert looks("redis-cli", Input(text="GET a\nTTL a"))
    assert said("redis-cli", Input(text="GET a\nFLUSHALL")) == {"sql-destroy"}
    assert "pipe-to-shell" in said("redis-cli", Input(piped=True))
    assert "pipe-to-shell" in said("redis-cli get x", Input(piped=True))
    assert "pipe-to-shell" in said("mongosh", Input(piped=True))
    assert looks("mongosh", Input(text="db.x.find()"))
