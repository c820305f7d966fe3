from companion.policy.knowledge.index import CODE, FILES
from companion.policy.knowledge.sql.clients import CLIENTS
from companion.policy.knowledge.windows.entry import WINDOWS


def test_the_index_names_what_the_modules_know():
    assert {program for program, place in CODE.items() if place == "sql.clients"} == CLIENTS
    assert {program for program, place in CODE.items() if place == "windows.entry"} == WINDOWS


def test_what_has_code_of_its_own_needs_a_table_only_for_that_code():
    assert {CODE[program] for program in CODE.keys() & FILES.keys()} == {"clusters", "forges"}
