from companion.model.facts import Access, EffectKind
from companion.policy.shell.invocation import Feed, Inner, Invocation, Text
from companion.policy.shell.known import judge_known
from companion.policy.shell.read import read_command
from companion.policy.shell.words import Value
from tests.support.shell import codes, only_reads, words_of


def test_a_program_without_a_table_is_left_to_others():
    assert judge_known(Invocation("no-such-program", (), 0, 1)) is None


def test_places_are_those_of_the_words():
    command = "aws s3 cp a.txt s3://b/"
    effects = {effect.kind: effect for effect in read_command(command)}
    read = effects[EffectKind.READ]
    assert command[read.start : read.end] == "a.txt"
    cloud = effects[EffectKind.CLOUD]
    assert (cloud.start, cloud.end, cloud.code) == (0, len(command), "cloud-write")
    assert cloud.call.access is Access.WRITE
    assert "s3 cp" in cloud.reason


def test_a_glob_or_a_word_that_may_be_several_is_not_known():
    assert "unknown-word" in codes("kubectl get *")
    assert "unknown-word" in codes("kubectl get $x")
    assert only_reads("kubectl get pods")


def test_programs_and_texts_inside():
    inner = list(judge_known(Invocation("uv", words_of("run", "ls", "-la"), 0, 9)))
    assert [each.words for each in inner if isinstance(each, Inner)] == [words_of("run", "ls", "-la")[1:]]
    text = list(judge_known(Invocation("pwsh", words_of("-c", "git status"), 0, 9)))
    assert [each.value.text for each in text if isinstance(each, Text)] == ["git status"]
    assert "git-push-force" in codes("pwsh -c 'git push --force'")


def test_what_is_fed_to_it():
    text = Value("DROP TABLE x", 0, 9)
    found = list(judge_known(Invocation("psql", (), 0, 4, Feed(text=text))))
    assert [effect.code for effect in found] == ["sql-destroy"]
    assert "sql-destroy" in codes("psql <<< 'DROP TABLE x'")
    assert "pipe-to-shell" in codes("cat x | psql")


def test_a_kind_of_the_table_stands():
    effects = {effect.kind for effect in read_command("aws secretsmanager get-secret-value --secret-id x")}
    assert effects == {EffectKind.LEAK}
