"""Test runners and type checkers of a project, in the words of `companion.policy.shell.builders`."""

from __future__ import annotations

from companion.policy.shell.builders import PYTHON, Build

_COUNT = r"(?:auto|logical|\d+)"
_PLAIN = r"[\w:]+(?:-[\w:]+)*"
# Names of environments, sessions and labels under which people keep what leaves the machine.
_NO_RELEASE = r"(?!\S*(?:release|publish|deploy|upload|bump|push))"

_PYTEST_FLAGS = (
    rf"-[vqsxl]+|-r[fEsxXpPaANw]+|-n{_COUNT}|-[km](?!-).+|-h|-V|--(?:verbose|quiet|exitfirst|showlocals|no-showlocals|lf"
    r"|last-failed|ff|failed-first|nf|new-first|sw|stepwise|stepwise-skip|co|collect-only|no-header|no-summary"
    r"|strict|strict-markers|strict-config|disable-warnings|disable-pytest-warnings|fixtures|fixtures-per-test|markers"
    r"|cache-clear|setup-show|setup-plan|setup-only|cov|no-cov|cov-append|cov-branch|no-cov-on-fail|runxfail|full-trace"
    r"|benchmark-(?:only|skip|disable)|doctest-modules|doctest-continue-on-failure|continue-on-collection-errors"
    r"|keep-duplicates|snapshot-update|reuse-db|create-db|nomigrations|no-migrations|forked|testmon|trace-config|help"
    r"|version|noconftest)"
)
_WARNING = r"(?:error|ignore|always|default|module|once)(?:::?(?:[A-Z]\w*Warning)?)?"
_PYTEST = Build(
    flags=_PYTEST_FLAGS,
    valued="-k|-m|--deselect|--ignore|--ignore-glob|--cov-fail-under|--timeout|--durations-min|--randomly-seed",
    named="--tb|--maxfail|--durations|-n|--numprocesses|--dist|--maxprocesses|--capture|--color|--code-highlight|-r"
    "|--show-capture|--log-level|--log-cli-level|--verbosity|--reruns|--reruns-delay|--count|--asyncio-mode|--lfnf"
    "|--last-failed-no-failures|--timeout-method|--doctest-glob",
    places="--cov",
    writes="--junitxml|--junit-xml",
    pairs=rf"-p no:[\w.-]+|(?:-W|--pythonwarnings) {_WARNING}|(?:-o|--override-ini) (?:log_cli=\w+|addopts=)"
    r"|--cov-report (?:term(?:-missing)?(?::skip-covered)?|html|xml|json|lcov|annotate|)"
    r"|--cov-report html:[\w-]+(?:/[\w-]+)*|--cov-report xml:coverage[\w-]*\.xml",
)
_BEHIND_PYTEST = rf"{_PYTEST_FLAGS}|-[km]|--(?:tb|maxfail|durations)=\w+|\w[\w.:-]*(?:/[\w.:-]+)*"
_BEHIND_CARGO = (
    rf"-q|-[DWAF](?:{_PLAIN})?|--(?:nocapture|no-capture|ignored|include-ignored|exact|skip|show-output|list|quiet|check"
    rf"|test-threads(?:=\d+)?|color=\w+)|{_PLAIN}"
)
_CARGO_FLAGS = (
    r"-[rqv]+|-j\d+|--(?:release|quiet|verbose|workspace|all|all-targets|all-features|no-default-features|lib|bins|tests"
    r"|examples|benches|doc|locked|offline|frozen|no-run|no-fail-fast|keep-going|no-deps|document-private-items|timings"
    r"|check|ignore-rust-version|help)|-h"
)
_CARGO_VALUED = "-F|--features|-p|--package|--exclude"
_CARGO_NAMED = "--bin|--test|--example|--bench|--profile|--target|-j|--jobs|--color|--message-format|--timings"


def _cargo(files: str, commands: str, needs: str = "") -> Build:
    return Build(
        files,
        first=commands,
        words=_PLAIN,
        flags=_CARGO_FLAGS,
        valued=_CARGO_VALUED,
        named=_CARGO_NAMED,
        places="--manifest-path",
        needs=needs,
        behind=_BEHIND_CARGO,
    )


_GO_FLAGS = (
    r"--?(?:v|race|cover|short|json|failfast|benchmem|x|n|a|trimpath|work|msan|asan|buildvcs=(?:true|false|auto)"
    r"|count=\d+|mod=(?:mod|readonly|vendor)|vet=\w+|fullpath|artifacts)"
)
_LINKED = r"(?:-[sw]|-X[ =][\w./-]+=[\w.:/+-]*)"
_GO_LINKING = rf"--?ldflags {_LINKED}(?: {_LINKED})*"
_GO_VALUED = "--?(?:run|skip|bench|fuzz|fuzztime|benchtime|timeout|tags|coverpkg|cpu|list|shuffle|fuzzminimizetime)"
_GO_NAMED = "--?(?:count|p|parallel|covermode|mod)"

_TERRAFORM = Build(
    first="plan",
    words="",
    flags=r"--?(?:no-color|input=false|refresh=(?:true|false)|refresh-only|detailed-exitcode|compact-warnings|json|concise"
    r"|parallelism=\d+|lock-timeout=\w+|help)",
    valued="--?var",
)

TESTERS: dict[str, tuple[Build, ...]] = {
    "pytest": (_PYTEST,),
    "py.test": (_PYTEST,),
    "tox": (
        Build(
            "tox.ini pyproject.toml",
            words="run|r|run-parallel|p|list|l",
            flags=rf"-[vqrlao]+|-e{_NO_RELEASE}[\w.,+-]+|-p(?:auto|all|\d+)|--(?:recreate|listenvs|listenvs-all|list"
            r"|skip-missing-interpreters|skip-pkg-install|notest|parallel-live|parallel-no-spinner|no-recreate-pkg|verbose"
            r"|quiet|help|version)|-h",
            named="-p|--parallel|--colored|-s|--skip-missing-interpreters",
            pairs=rf"(?:-e|--env|-m|-f) {_NO_RELEASE}[\w.,+-]+",
            behind=_BEHIND_PYTEST,
        ),
    ),
    "nox": (
        Build(
            "noxfile.py",
            words=rf"{_NO_RELEASE}\w[\w.-]*(?:\([^()/]*\))?",
            flags=r"-[rRvlxN]+|--(?:list|verbose|reuse-existing-virtualenvs|stop-on-first-error|no-install|non-interactive"
            r"|error-on-missing-interpreters|no-stop-on-first-error|help|version)|-h",
            valued="-p|--pythons?",
            pairs=rf"(?:-r?s|--sessions?|-e|-t|--tags) {_NO_RELEASE}\w[\w.-]*(?:\([^()/]*\))?",
            behind=_BEHIND_PYTEST,
        ),
    ),
    "mypy": (
        Build(
            PYTHON,
            flags=r"-[vhV]+|--(?:strict|pretty|verbose|help|version|ignore-missing-imports|namespace-packages|incremental"
            r"|explicit-package-bases|implicit-optional|implicit-reexport|local-partial-types|sqlite-cache|fast-exit"
            r"|no-error-summary|no-incremental|no-color-output|no-site-packages|no-namespace-packages|no-implicit-\w+"
            r"|no-warn-[\w-]+|no-strict-[\w-]+|no-pretty|(?:dis)?allow-[\w-]+|warn-[\w-]+|show-[\w-]+|hide-[\w-]+"
            r"|check-untyped-defs|strict-[\w-]+|extra-checks|scripts-are-modules|exclude-gitignore)",
            valued="-p|--package|-m|--module|--exclude|--python-version",
            named="--platform|--follow-imports|--enable-error-code|--disable-error-code|--output|-O|--enable-incomplete-feature",
            pairs=r"--cache-dir (?:/dev/null|\.mypy_cache)|--config-file (?:pyproject\.toml|\.?mypy\.ini|setup\.cfg)",
        ),
    ),
    "pyright": (
        Build(
            f"{PYTHON} pyrightconfig.json package.json",
            flags=r"-h|--(?:outputjson|stats|verbose|skipunannotated|warnings|dependencies|ignoreexternal|help|version)",
            valued="--pythonversion|--verifytypes",
            named="--level|--pythonplatform|--threads",
        ),
    ),
    "cargo": (
        _cargo("", "check|c|clippy|doc|d"),
        _cargo("Cargo.toml", "build|b|test|t|bench|fmt"),
        _cargo("", "build|b|test|t|bench|fmt", needs="--manifest-path"),
    ),
    "go": (
        Build(
            "go.mod",
            first="test",
            flags=_GO_FLAGS,
            valued=_GO_VALUED,
            named=_GO_NAMED,
            writes="--?coverprofile",
            pairs=_GO_LINKING,
        ),
        Build(
            "go.mod", first="build", flags=_GO_FLAGS, valued="--?tags", named=_GO_NAMED, writes="-o", pairs=_GO_LINKING
        ),
        Build("go.mod", first="vet|fmt", flags=_GO_FLAGS, valued="--?tags", named=_GO_NAMED),
    ),
    "dotnet": (
        Build(
            first="build|test",
            flags=r"-t|--(?:no-build|no-restore|nologo|no-incremental|no-dependencies|force|list-tests|blame|self-contained"
            r"|help)|-h|-m(?::\d+)?|-nologo|-v:\w+|--?(?:p|property):(?:Configuration|CollectCoverage|Version|WarningLevel"
            r"|TreatWarningsAsErrors|CoverletOutputFormat|ContinuousIntegrationBuild|Platform)=[\w.-]+|-warnaserror",
            valued="--filter|-f|--framework",
            named="-c|--configuration|-v|--verbosity|-r|--runtime|-a|--arch|--os|--version-suffix|--tl",
            places="--results-directory",
            pairs=r"(?:-l|--logger) (?:trx|console|junit|html)"
            r"(?:;(?:verbosity|v)=\w+|;LogFileName=[\w-]+\.(?:trx|xml|html))*"
            r"|--collect (?:XPlat |)Code Coverage(?:;Format=\w+)?",
        ),
    ),
    "ctest": (
        Build(
            words="",
            flags=r"-[VQNF]|-VV|-j\d*|--(?:output-on-failure|verbose|extra-verbose|rerun-failed|progress|stop-on-failure"
            r"|show-only|no-tests=\w+|schedule-random|quiet|test-output-size-\w+=\d+|version|help)",
            valued="-R|--tests-regex|-E|--exclude-regex|-L|--label-regex|-LE|--label-exclude|-I|--timeout",
            named="-j|--parallel|-C|--build-config|--repeat|--repeat-until-fail|--stop-time",
            places="--test-dir",
            writes="--output-junit",
        ),
    ),
    "swift": (
        Build(
            "Package.swift",
            first="build|test",
            words="",
            flags="-[vq]|--(?:verbose|quiet|parallel|no-parallel|enable-code-coverage|disable-code-coverage|show-bin-path"
            "|build-tests|skip-build|help|enable-swift-testing|disable-swift-testing|enable-xctest|disable-xctest)",
            valued="--filter|--skip",
            named="-c|--configuration|--product|--target|-j|--jobs|--num-workers",
        ),
    ),
    "mix": (
        Build(
            "mix.exs",
            first="test",
            flags="--(?:trace|stale|failed|cover|warnings-as-errors|force|color|no-color|no-start|no-compile|no-deps-check"
            "|raise|all-warnings|no-archives-check)",
            valued="--only|--exclude|--include",
            named="--max-failures|--seed|--slowest|--partitions|--max-cases|--timeout|--slowest-modules",
        ),
        Build(
            "mix.exs",
            first="compile",
            words="",
            flags="--(?:force|warnings-as-errors|all-warnings|no-deps-check|verbose|no-archives-check)",
        ),
        Build("mix.exs", first="format", flags="--(?:check-formatted|dry-run|force|no-exit)"),
    ),
    "rspec": (
        Build(
            "Gemfile",
            flags=r"-f[dpj]|-[bcwnv]+|--(?:backtrace|color|colour|no-color|force-color|warnings|dry-run|only-failures"
            r"|next-failure|fail-fast|no-fail-fast|profile|no-profile|bisect|help|version)",
            valued="-t|--tag|-e|--example|-E|--example-matches",
            named="-f|--format|--order|--seed|--fail-fast|--profile|-p",
            places="-P|--pattern|--exclude-pattern",
        ),
    ),
    "rubocop": (
        Build(
            "Gemfile",
            flags=r"-[lxLdDSEPvV]+|--(?:lint|layout|parallel|no-parallel|display-cop-names|no-display-cop-names|debug|color"
            r"|display-style-guide|extra-details|no-color|force-exclusion|fail-fast|list-target-files|safe|version|help"
            r"|disable-pending-cops|enable-pending-cops|display-only-fail-level-offenses|cache=(?:true|false))",
            valued="--only|--except",
            named="-f|--format|--fail-level|--cache",
        ),
    ),
    "terraform": (_TERRAFORM,),
    "tofu": (_TERRAFORM,),
    "ansible-test": (
        Build(
            first="sanity|units",
            flags="-v+|--(?:color|allow-disabled|list-tests|truncate=\\d+|coverage|changed|explain|metadata)",
            valued="--python|--test|--skip-test",
        ),
    ),
    "phpunit": (
        Build(
            "composer.json phpunit.xml",
            flags=r"-v|--(?:testdox|colors(?:=\w+)?|stop-on-(?:failure|error|defect|warning|risky|skipped|incomplete)"
            r"|no-coverage|verbose|debug|no-progress|no-output|random-order|coverage-text|display-[\w-]+|fail-on-[\w-]+"
            r"|list-(?:tests|groups|suites)|process-isolation|do-not-cache-result|version|help)",
            valued="--filter|--testsuite|--group|--exclude-group|--exclude-filter",
            named="--order-by|--random-order-seed",
            writes="--log-junit",
        ),
    ),
}
