"""Every rule of the shell understanding: its code, why it speaks up, and what to do instead.

The order is the order of danger: of several effects the one whose rule stands first is told first.
"""

from __future__ import annotations

from dataclasses import dataclass

from companion.model.facts import Effect, EffectKind


@dataclass(frozen=True, slots=True)
class Rule:
    """`{target}` in a reason stands for the effect's target."""

    kind: EffectKind
    reason: str
    hint: str = ""


_PRIVILEGE, _CHANGE, _UNKNOWN = EffectKind.PRIVILEGE, EffectKind.CHANGE, EffectKind.UNKNOWN
_WHOLE = "run the parts one by one, each as a plain command"

RULES: dict[str, Rule] = {
    "privilege": Rule(
        _PRIVILEGE,
        "{target} runs a command with another user's rights",
        "do without it, or ask the person to run this by hand",
    ),
    "pipe-to-shell": Rule(
        _UNKNOWN,
        "{target} runs whatever text is fed to it, and nobody has seen that text",
        "save the text to a file, read it, then run the file",
    ),
    "runs-what-changed": Rule(
        _UNKNOWN,
        "an earlier step changes {target}, and this runs it, or runs by it, before anybody has looked at it",
        "change the file first, and run this in the next turn",
    ),
    "disk": Rule(_CHANGE, "{target} writes to disks or partitions below the file system", "write to a plain file"),
    "power": Rule(_CHANGE, "{target} stops or restarts the machine", "leave this to the person"),
    "rm-recursive": Rule(
        _CHANGE,
        "rm -r or -f deletes without a question and without a way back",
        "name single files without -r or -f, or move the folder aside",
    ),
    "find-delete": Rule(_CHANGE, "find -delete deletes every match", "run find without -delete and look at the list"),
    "shred": Rule(_CHANGE, "{target} destroys the content of files", "leave the file, or delete it with plain rm"),
    "git-push-force": Rule(
        EffectKind.GIT,
        "this push may overwrite or delete what others have on the remote: {target}",
        "push without force, to a new branch if the remote has moved on",
    ),
    "git-reset-hard": Rule(
        _CHANGE, "git reset --hard throws uncommitted work away", "git stash keeps the work, git reset --keep refuses"
    ),
    "git-clean": Rule(_CHANGE, "git clean deletes files that no commit holds", "git clean -n lists them first"),
    "git-discard": Rule(
        _CHANGE,
        "this overwrites uncommitted work in files",
        "git stash keeps the work; git diff shows what is at stake",
    ),
    "git-branch-delete": Rule(
        _CHANGE, "this deletes or overwrites a branch or tag", "git branch -d refuses when commits would be lost"
    ),
    "git-history": Rule(
        _CHANGE, "git {target} destroys or rewrites history", "make a branch of the present state first"
    ),
    "git-stash-drop": Rule(
        _CHANGE, "this destroys stashed work", "git stash show -p shows it; git stash apply keeps it"
    ),
    "chmod-recursive": Rule(_CHANGE, "{target} -R changes the rights of a whole folder", "name the files"),
    "kill": Rule(_CHANGE, "{target} ends processes", "end what you started in the way it was started"),
    "rm": Rule(_CHANGE, "{target} deletes"),
    "delete-tree": Rule(
        EffectKind.DELETE, "{target} would be deleted with all that lies below it", "move it aside instead"
    ),
    "delete-at-root": Rule(
        EffectKind.DELETE, "where TMPDIR is not set, this deletes {target} or what is in it", "write the folder out"
    ),
    "delete": Rule(EffectKind.DELETE, "{target} would be deleted", "move it aside instead"),
    "leaks-secret": Rule(
        EffectKind.LEAK,
        "{target} prints a secret, which then stands in the next prompt",
        "ask the person to set it where it is needed, by a variable or a file that is ignored",
    ),
    "cloud-permissions": Rule(
        EffectKind.CLOUD, "{target} changes who may do what in the account", "ask for the exact call to be approved"
    ),
    "cloud-delete": Rule(EffectKind.CLOUD, "{target} deletes or stops something in the account", "list it first"),
    "cloud-write": Rule(EffectKind.CLOUD, "{target} changes something in the account", "read or plan first"),
    "sql-runs": Rule(_UNKNOWN, "{target}: this text runs code or programs", "leave this part out"),
    "sql-destroy": Rule(
        _CHANGE, "{target}: this text drops or rewrites whole tables", "count the rows first; name a condition"
    ),
    "sql-permissions": Rule(_CHANGE, "{target}: this text changes who may do what"),
    "sql-file": Rule(_CHANGE, "{target}: this text reads or writes files beside the database"),
    "sql-write": Rule(
        _CHANGE, "{target}: this text changes rows or tables", "run it in a transaction that is rolled back"
    ),
    "sql-unknown": Rule(_UNKNOWN, "{target}: what this text does is not understood", "write plain SQL, one statement"),
    "login": Rule(_CHANGE, "{target} changes who this machine acts as", "leave this to the person"),
    "tool-permissions": Rule(_CHANGE, "{target} changes who may do what"),
    "tool-delete": Rule(_CHANGE, "{target} deletes something that the tool keeps", "list it first"),
    "tool-write": Rule(_CHANGE, "{target} changes something that the tool keeps"),
    "publish": Rule(_CHANGE, "{target} publishes for others", "leave this to the person"),
    "install": Rule(EffectKind.INSTALL, "{target} fetches code of others, which may run at once", "name the version"),
    "runs-other": Rule(_UNKNOWN, "{target} runs another program, here or elsewhere", "say what it runs, and why"),
    "project-change": Rule(_CHANGE, "{target} rewrites files of the project", "look at what it would change first"),
    "unknown-command": Rule(_UNKNOWN, "{target} is not among the commands that are known", "look it up with --help"),
    "cloud": Rule(_CHANGE, "{target} acts on a cloud account", "ask for the exact call to be approved"),
    "infrastructure": Rule(_CHANGE, "{target} acts on infrastructure or a cluster", "plan or diff first"),
    "container": Rule(_CHANGE, "{target} acts on containers, images or volumes"),
    "database": Rule(_CHANGE, "{target} acts on a database"),
    "service": Rule(_CHANGE, "{target} changes the system or what it runs by itself"),
    "ownership": Rule(_CHANGE, "{target} changes who may use a file"),
    "link": Rule(
        _CHANGE, "a link gives a file a second name, which rules about its first name do not cover", "copy it"
    ),
    "eval": Rule(_UNKNOWN, "{target} runs text that the shell puts together", "write the command out"),
    "source": Rule(_UNKNOWN, "{target} runs a file inside this shell", "show the file first"),
    "shell-text": Rule(_UNKNOWN, "{target} is given a script that only the shell can know", "write the script out"),
    "runs-code": Rule(_UNKNOWN, "{target} runs code that is not a shell command", "put it in a file and show it"),
    "runs-script": Rule(_UNKNOWN, "{target} runs a script that nobody has looked at", "show the script first"),
    "runs-a-file": Rule(_UNKNOWN, "{target} is a file, not a program that is known", "show the file first"),
    "find-exec": Rule(_UNKNOWN, "find runs a command for each match", "run find alone, then the command on its list"),
    "never-ends": Rule(_UNKNOWN, "{target} shows a screen until somebody closes it", "ask for one look: top -b -n 1"),
    "secret-shown": Rule(
        _UNKNOWN, "{target} prints what may be a secret", "ask the person for what is needed of it, without the secret"
    ),
    "network": Rule(EffectKind.NETWORK, "this talks to {target}", "say what is fetched or sent, and why"),
    "web-carries": Rule(
        EffectKind.NETWORK,
        "what is asked of {target} could carry something out: it is long, or is put together when it runs",
        "write a short, plain address out",
    ),
    "web-read": Rule(EffectKind.NETWORK, "this fetches a page of {target} and saves nothing"),
    "git-tag-move": Rule(
        EffectKind.GIT, "this moves or deletes tags that others may have", "make a new tag with a name of its own"
    ),
    "git-push": Rule(EffectKind.GIT, "this publishes commits: {target}", "leave publishing to the person"),
    "git-fetch": Rule(EffectKind.GIT, "{target} asks a remote of this repository, and changes no branch of yours"),
    "git-local": Rule(EffectKind.GIT, "{target} changes this repository, and git can take it back"),
    "project-run": Rule(
        EffectKind.EXECUTE, "{target} runs the project's own tests or build", "read the script before you allow it"
    ),
    "project-script": Rule(EffectKind.EXECUTE, "{target} runs a script of the project", "show the script first"),
    "tool-cache": Rule(
        EffectKind.EXECUTE,
        "{target} opens a browser, leaves a file behind or changes what it keeps for itself",
        "ask for a page or a list that it prints",
    ),
    "searches-secrets": Rule(
        _UNKNOWN, "{target} looks for secrets in whole folders", "name the one file that the task is about"
    ),
    "git-config": Rule(
        _CHANGE, "git's configuration decides which programs git runs", "read single keys with git config --get"
    ),
    "git-option": Rule(_UNKNOWN, "git {target} can run a program or use another repository", "leave the option out"),
    "git-change": Rule(_CHANGE, "git {target} changes the repository"),
    "package-manager": Rule(_CHANGE, "{target} installs or runs code of others"),
    "build": Rule(_UNKNOWN, "{target} runs what the project's own files tell it to"),
    "sed-in-place": Rule(_CHANGE, "sed -i rewrites files in place", "use the agent's own edit tool"),
    "file-change": Rule(_CHANGE, "{target} changes files"),
    "sets-environment": Rule(
        _UNKNOWN, "setting {target} can change which programs run and what they do", "run the command without it"
    ),
    "reads-environment": Rule(
        _UNKNOWN, "environment variables may hold secrets: {target}", "name the one variable that is needed"
    ),
    "defines-function": Rule(_UNKNOWN, "{target} gets a new meaning inside this command", _WHOLE),
    "expansion": Rule(_UNKNOWN, "the expansion {target} can run commands or read other variables", _WHOLE),
    "arithmetic": Rule(_UNKNOWN, "arithmetic on a variable can run commands: {target}", "use plain numbers"),
    "redirect": Rule(_UNKNOWN, "what this redirection opens is not known: {target}", "name the file"),
    "unknown-path": Rule(_UNKNOWN, "which file {target} is cannot be known before it runs", "name the file"),
    "unknown-word": Rule(_UNKNOWN, "what {target} comes to cannot be known before it runs", "write the word out"),
    "glob-option": Rule(
        _UNKNOWN, "a file that {target} matches may begin with a dash and count as an option", "write ./ in front of it"
    ),
    "unknown-option": Rule(_UNKNOWN, "{target} is not among the options known to be harmless", "leave the option out"),
    "unknown-program": Rule(_UNKNOWN, "nothing is known about {target}"),
    "hidden-characters": Rule(
        _UNKNOWN, "the command holds characters that a person cannot see", "write it without them"
    ),
    "over-budget": Rule(_UNKNOWN, "the command is too long or too deep to be examined", _WHOLE),
    "not-understood": Rule(_UNKNOWN, "the command is not understood", _WHOLE),
}

_DANGER = {code: rank for rank, code in enumerate(RULES)}
_LONGEST_TARGET = 80


def apply(code: str, target: str, start: int, end: int) -> Effect:
    """The effect that the rule `code` names."""
    rule = RULES[code]
    shown = target if len(target) <= _LONGEST_TARGET else f"{target[:_LONGEST_TARGET]}…"
    # Only paths are keys of facts and stay whole.
    kept = target if rule.kind is EffectKind.DELETE else shown
    return Effect(rule.kind, kept, start, end, code, rule.reason.replace("{target}", shown), rule.hint)


def danger(effect: Effect) -> int:
    """For sorting: the most dangerous effect has the lowest number."""
    return _DANGER.get(effect.code, len(_DANGER))
