"""Builders, testers and formatters of a project, each with the words under which it stays in the project.

What is not in the table of a program is not known to be the project's own: an option may name another configuration, a
plugin, another folder, a program to run, or a file to write. So nothing is refused here by its name; all that is
known is allowed by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """One way of calling a program. Patterns match whole words."""

    files: str = ""
    """One of these says that there is such a project in the folder; "" needs none."""
    first: str = ""
    """The first operand; "" where that is one like the others."""
    words: str | None = None
    """The other operands; None stands for any path of the project."""
    flags: str = ""
    """Options without a value."""
    valued: str = ""
    """Options with a value that says nothing but text to it: `--name value`, and `--name=value`."""
    named: str = ""
    """Those whose value is a plain name, as a path would be a file that it runs or writes."""
    places: str = ""
    """Those whose value is a path of the project."""
    folder: str = ""
    """Those whose value is the folder of the project, where its files lie."""
    writes: str = ""
    """Those whose value is a file that it writes."""
    pairs: str = ""
    """Options with those values under which they stay in the project, as `--name value`."""
    behind: str = ""
    """What may stand behind a `--`: words of what it starts."""
    needs: str = ""
    """An option without which it is another way of calling the program."""
    paths: bool = True
    """Whether words that look like paths are some."""


_NODE = "package.json"
PYTHON = "pyproject.toml setup.py setup.cfg tox.ini requirements.txt ruff.toml .ruff.toml"
_GRADLE = "build.gradle build.gradle.kts settings.gradle settings.gradle.kts"
_TASK = (
    r"(?::?[\w-]+:)*(?:clean|build|check|assemble\w*|compile\w*|classes|testClasses|test\w*|\w+Test|jar|javadoc|lint\w*"
    r"|detekt\w*|ktlintCheck|spotlessCheck|tasks|projects|properties|dependencies|help)"
)
_GOAL = (
    "clean|validate|initialize|compile|test-compile|process-(?:test-)?(?:classes|resources)|test|package|verify"
    "|integration-test|checkstyle:check|spotless:check|spotbugs:check|javadoc:javadoc|surefire:test"
    "|dependency:(?:tree|analyze)"
)
_SBT = r"(?:[\w-]+/)?(?:(?:Test/)?compile|test|testQuick|doc|package|scalafmtCheck(?:All)?)"
_RAKE = r"(?:test|spec|build|compile|lint|rubocop|check|default)(?::[\w-]+)?|TEST=(?!/)[\w./*-]+"

_GRADLE_BUILD = Build(
    _GRADLE,
    words=_TASK,
    flags=r"-[iqswmS]+|--(?:info|quiet|stacktrace|full-stacktrace|warn|no-daemon|offline|continue|parallel|no-parallel"
    r"|build-cache|no-build-cache|rerun-tasks|dry-run|configuration-cache|no-configuration-cache|no-watch-fs)",
    valued="--tests",
    named="-x|--exclude-task|--console|--max-workers|--warning-mode",
)
_MAVEN_BUILD = Build(
    "pom.xml",
    words=_GOAL,
    flags=r"-[qBoXeNUV]+|-am|-amd|-ntp|-f(?:ae|f|n)|--(?:quiet|batch-mode|offline|debug|errors|non-recursive"
    r"|also-make|no-transfer-progress|show-version|fail-(?:at-end|fast|never))"
    r"|-D(?:skipTests|skipITs|maven\.test\.skip|failIfNoTests|surefire\.failIfNoSpecifiedTests|style\.color)"
    r"(?:=(?:true|false|never))?|-D(?:it\.)?test=[\w.$#*,+!-]+",
    valued="-pl|--projects",
    named="-T|--threads",
)
_BAZEL = Build(
    "MODULE.bazel WORKSPACE WORKSPACE.bazel",
    first="build|test",
    words=r"(?://|:)?[\w.-][\w./-]*(?::[\w./*+-]+)?|//:?[\w./-]+|//\.\.\.",
    flags=r"-k|--(?:keep_going|verbose_failures|nocache_test_results|build_tests_only|nobuild|test_verbose_timeout_warnings)",
    valued="--test_filter",
    named="-c|--compilation_mode|-j|--jobs|--test_output|--cache_test_results|--color|--curses|--config|--test_tag_filters",
    paths=False,
)
_BLACK = Build(
    PYTHON,
    flags=r"-[qvSC]+|--(?:quiet|verbose|skip-string-normalization|skip-magic-trailing-comma|preview|fast|safe|color"
    r"|no-color|force-exclude)",
    named="-l|--line-length|-t|--target-version|-W|--workers",
    valued="--exclude|--extend-exclude|--include",
)
_GO_FORMAT = Build("go.mod", flags="-[dels]", needs="-w")
_GO_LISTED = Build("go.mod", flags="-[es]", needs="-l")
_PRETTIER_NAMED = (
    "--log-level|--loglevel|--tab-width|--print-width|--trailing-comma|--end-of-line|--parser|--arrow-parens"
    "|--prose-wrap|--quote-props|--cache-strategy"
)

BUILDERS: dict[str, tuple[Build, ...]] = {
    "tsc": (
        Build(
            _NODE,
            flags=r"(?i)--?(?:noEmit|noEmitOnError|pretty|strict|skipLibCheck|incremental|listFiles|listFilesOnly|showConfig"
            r"|version|v|help|h|all|diagnostics|extendedDiagnostics|traceResolution|explainFiles|build|b|force|f|verbose|dry"
            r"|d|declaration|emitDeclarationOnly|sourceMap|isolatedModules|allowJs|checkJs|esModuleInterop|composite"
            r"|resolveJsonModule|allowImportingTsExtensions|noUnused\w+|noImplicit\w+|strict\w+|preserveWatchOutput)",
            named=r"(?i)--?(?:target|t|module|m|jsx|lib|moduleResolution|types|pretty|noEmit|strict)",
            places=r"(?i)--?(?:p|project|outDir|declarationDir|rootDir)",
        ),
    ),
    "eslint": (
        Build(
            _NODE,
            flags="--(?:fix|fix-dry-run|quiet|cache|no-cache|color|no-color|no-inline-config|no-error-on-unmatched-pattern"
            "|report-unused-disable-directives|no-warn-ignored|pass-on-no-patterns|exit-on-fatal-error|version|help)",
            valued="--ext|--max-warnings|--rule|--ignore-pattern|--global",
            named="-f|--format|--env|--fix-type|--report-unused-disable-directives-severity",
        ),
    ),
    "jest": (
        Build(
            _NODE,
            flags=r"-[biuoe]|--(?:ci|coverage|no-coverage|runInBand|verbose|silent|bail|passWithNoTests|detectOpenHandles"
            r"|forceExit|onlyChanged|updateSnapshot|no-cache|json|listTests|all|findRelatedTests|runTestsByPath|colors|color"
            r"|no-color|logHeapUsage|errorOnDeprecated|expand|debug|onlyFailures|no-watchman|watchAll=false|watch=false)",
            valued="-t|--testNamePattern|--testPathPatterns?|--testPathIgnorePatterns",
            named="-w|--maxWorkers|--testTimeout|--bail|--env|--testEnvironment|--coverage|--ci|--silent|--coverageProvider",
        ),
    ),
    "vitest": (
        Build(
            _NODE,
            flags=r"-u|--(?:run|no-watch|watch=false|coverage|no-coverage|update|passWithNoTests|silent|globals|no-threads"
            r"|threads|typecheck|logHeapUsage|isolate|no-isolate|allowOnly|no-file-parallelism|hideSkippedTests|changed"
            r"|color|no-color|coverage\.enabled)",
            valued="-t|--testNamePattern|--exclude|--shard",
            named="--reporter|--bail|--pool|--environment|--project|--maxWorkers|--minWorkers|--retry|--testTimeout"
            "|--hookTimeout|--silent|--coverage\\.provider|--coverage\\.reporter|--coverage\\.enabled",
            places="--dir",
        ),
    ),
    "mocha": (
        Build(
            _NODE,
            flags="-[bcis]|--(?:bail|color|no-color|colors|exit|invert|parallel|recursive|forbid-only|forbid-pending|full-trace"
            "|check-leaks|no-timeouts?|sort|dry-run)",
            valued="-g|--grep|-f|--fgrep|--exclude|--ignore",
            named="-t|--timeout|--retries|-j|--jobs|-s|--slow|-R|--reporter|-u|--ui|--extension",
        ),
    ),
    "playwright": (
        Build(
            _NODE,
            first="test",
            flags="-[xu]|--(?:headed|list|update-snapshots|quiet|forbid-only|fully-parallel|pass-with-no-tests|no-deps"
            "|last-failed)",
            valued="-g|--grep|--grep-invert|--project|--shard",
            named="--reporter|-j|--workers|--retries|--timeout|--max-failures|--repeat-each|--trace|--browser",
        ),
    ),
    "vite": (
        Build(
            _NODE,
            first="build",
            flags="--(?:sourcemap|minify|manifest|ssrManifest)",
            named="-m|--mode|-l|--logLevel|--minify|--target",
            places="--outDir",
        ),
    ),
    "prettier": (
        Build(
            _NODE,
            flags="-[clwu]+|--(?:write|check|list-different|no-config|no-editorconfig|ignore-unknown|cache|single-quote|no-semi"
            "|no-error-on-unmatched-pattern|jsx-single-quote|use-tabs|no-bracket-spacing|bracket-same-line|no-color|color)",
            named=_PRETTIER_NAMED,
        ),
    ),
    "gradle": (_GRADLE_BUILD,),
    "mvn": (_MAVEN_BUILD,),
    "rake": (
        Build(
            "Rakefile rakefile Rakefile.rb rakefile.rb",
            words=_RAKE,
            flags="-[mnqstv]|--(?:silent|quiet|trace|verbose|multitask|dry-run)",
            named="-j|--jobs",
        ),
    ),
    "cmake": (
        Build(
            "CMakeCache.txt",
            words="",
            flags=r"-v|-j\d*|--(?:verbose|clean-first|parallel)",
            named="-j|--parallel|--target|-t|--config",
            folder="--build",
            needs="--build",
        ),
        Build(
            "CMakeLists.txt",
            words=r"\.",
            flags=r"-S\.|-B[\w-][\w-]*(?:/[\w-]+)*|-D[A-Za-z_]\w*(?::BOOL)?=(?:ON|OFF|TRUE|FALSE|YES|NO|0|1)"
            r"|-DCMAKE_BUILD_TYPE(?::STRING)?=\w+|-DCMAKE_CXX?_STANDARD=\d+|-Wno-dev|-Wdev|--fresh|-GNinja",
            valued="-G",
            places="-B",
            folder="-S",
        ),
    ),
    "ninja": (
        Build(
            "build.ninja",
            words=r"[\w.+-][\w./+-]*",
            flags=r"-[vn]+|-[jk]\d+|--(?:verbose|quiet)",
            named="-j|-k|-l",
            folder="-C",
        ),
    ),
    "meson": (
        Build(
            "build.ninja",
            first="test|compile",
            words=r"[\w:.+-]+",
            flags=r"-v|--(?:verbose|quiet|print-errorlogs|no-rebuild|list|no-suite|clean)|-j\d+",
            named="-j|--jobs|--num-processes|--suite|--no-suite|--repeat|-t|--timeout-multiplier|--maxfail",
            folder="-C",
        ),
        Build(
            "meson.build",
            first="setup",
            flags="--(?:reconfigure|wipe)",
            named="--buildtype|--default-library|--backend|--warnlevel",
        ),
    ),
    "bazel": (_BAZEL,),
    "bazelisk": (_BAZEL,),
    "sbt": (
        Build(
            "build.sbt",
            words=rf"{_SBT}|(?:[\w-]+/)?testOnly [\w.*]+(?: [\w.*]+)*",
            flags="--?(?:batch|no-colors|warn|error|info)",
            paths=False,
        ),
    ),
    "flutter": (
        Build(
            "pubspec.yaml",
            first="test",
            flags="--(?:coverage|no-pub|pub|machine|update-goldens|fail-fast|no-color)",
            valued="--name|-N|--plain-name|-n|-t|--tags|-x|--exclude-tags",
            named="-j|--concurrency|-r|--reporter|--timeout|--total-shards|--shard-index",
        ),
        Build("pubspec.yaml", first="analyze", flags="--(?:no-pub|no-fatal-infos|no-fatal-warnings|fatal-infos)"),
        Build(
            "pubspec.yaml",
            first="build",
            words="apk|appbundle|ios|ipa|web|linux|macos|windows|bundle",
            flags="--(?:debug|profile|release|no-pub|no-codesign|split-per-abi)",
        ),
    ),
    "dart": (
        Build("pubspec.yaml", first="analyze", flags="--(?:fatal-infos|fatal-warnings|no-fatal-warnings)"),
        Build(
            "pubspec.yaml",
            first="test",
            valued="-n|--name|-N|--plain-name|-t|--tags|-x|--exclude-tags",
            named="-j|--concurrency|-r|--reporter|-p|--platform|--timeout",
        ),
        Build("pubspec.yaml", first="format", flags="--(?:set-exit-if-changed|fix)", named="-l|--line-length"),
    ),
    "hatch": (
        Build(
            "pyproject.toml hatch.toml",
            first="test",
            flags="-[acqvxpr]+|--(?:all|cover|cover-quiet|parallel|randomize|show|lf|ff)",
            valued="-k",
            named="--retries|--retry-delay|-py|--python",
        ),
    ),
    "node": (
        Build(
            _NODE,
            flags="--(?:test-only|test-force-exit|experimental-test-coverage|no-warnings|enable-source-maps|test)",
            valued="--test-name-pattern|--test-skip-pattern",
            named="--test-reporter|--test-concurrency|--test-timeout",
            needs="--test",
        ),
    ),
    "bun": (
        Build(
            _NODE,
            first="test",
            flags="--(?:bail|only|todo|coverage|concurrent|randomize|pass-with-no-tests)",
            valued="-t|--test-name-pattern",
            named="--timeout|--bail|--rerun-each|--seed|--max-concurrency",
        ),
    ),
    "deno": (
        Build(
            "deno.json deno.jsonc",
            first="test|check|lint|bench",
            flags="-[Aq]|--(?:allow-all|allow-(?:read|write|env|net|run|sys)|quiet|fail-fast|parallel|no-check|doc|trace-leaks"
            "|all|fix|compact|coverage|no-run|cached-only|frozen)",
            valued="--filter",
            named="--reporter|--shuffle|--fail-fast",
        ),
        Build("deno.json deno.jsonc", first="fmt", flags="-q|--(?:quiet|check)", named="--line-width|--indent-width"),
    ),
    "ruff": (
        Build(
            PYTHON,
            first="format",
            flags="-[qvn]+|--(?:quiet|verbose|no-cache|preview|force-exclude|silent)",
            valued="--exclude|--line-length",
            named="--target-version",
        ),
        Build(
            PYTHON,
            first="check",
            flags="-[qv]+|--(?:quiet|verbose|no-cache|preview|force-exclude|silent|show-fixes|statistics|exit-zero|fix-only)",
            valued="--exclude|--extend-exclude|--line-length",
            named="--select|--ignore|--extend-select|--fixable|--unfixable|--target-version|--output-format",
            needs="--fix",
        ),
    ),
    "black": (_BLACK,),
    "isort": (
        Build(
            PYTHON,
            flags="-[qv]+|--(?:quiet|verbose|atomic|force-sort-within-sections|float-to-top|sl|filter-files|overwrite-in-place)",
            valued="--skip|--skip-glob|--extend-skip",
            named="--profile|-l|--line-length|--py",
        ),
    ),
    "gofmt": (_GO_FORMAT, _GO_LISTED),
    "goimports": (_GO_FORMAT, _GO_LISTED),
    "gofumpt": (_GO_FORMAT, _GO_LISTED),
}

ENTRIES: dict[str, tuple[re.Pattern[str], tuple[Build, ...]]] = {
    "manage.py": (
        re.compile(r"^\s*from django\.core\.management import execute_from_command_line", re.MULTILINE),
        (
            Build(
                first="test",
                flags="--(?:keepdb|failfast|noinput|no-input|parallel|reverse|timing|no-color|pdb)",
                valued="-k",
                named="-v|--verbosity|--parallel|--tag|--exclude-tag|--shuffle",
            ),
            Build(first="check", words=r"\w+", flags="--deploy|--no-color|--list-tags", named="--tag|-t|--fail-level"),
        ),
    ),
    "setup.py": (
        re.compile(r"^\s*(?:from (?:setuptools|distutils\.core) import\b|import setuptools\b)", re.MULTILINE),
        (
            Build(
                words="build|build_py|build_ext|build_clib|build_scripts|check|test|sdist|bdist_wheel",
                flags="-[qvfi]|--(?:quiet|verbose|force|inplace)",
                named="-j|--parallel",
            ),
        ),
    ),
}
"""Scripts by which a project is tested or built, with what stands in each of them."""
