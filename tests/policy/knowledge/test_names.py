from companion.policy.knowledge.names import names


def test_names():
    assert names("a b  a\nc") == {"a", "b", "c"}
