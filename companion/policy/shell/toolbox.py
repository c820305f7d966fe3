"""Tools with subcommands and what they read. Names are those of each tool's own manual.

The tables say what is known to read and nothing else: whatever is not in them is asked about.
"""

from __future__ import annotations

from companion.policy.shell.tools import Tool

PACKAGES: dict[str, Tool] = {
    "npm": Tool(
        "ls|list|la|ll info|view|show|v search|s|se|find audit(. signatures) outdated explain|why root prefix bin ping "
        "owner(ls) access(list get ls-packages ls-collaborators) whoami fund doctor cache(ls verify) diff "
        "dist-tag|dist-tags(ls) sbom query config|c(get list ls) get pkg(get) team(ls) org(ls) profile(get) "
        "token(list) "
        "docs repo bugs stars completion help-search",
        valued="registry prefix workspace w loglevel",
        refused="fix script-shell globalconfig userconfig browser viewer git editor shell node-options",
    ),
    "pnpm": Tool(
        "ls|list|la|ll info|view|show|v search audit(.) outdated why root bin licenses(list ls) config(get list) "
        "store(path status) env(list ls) query",
        valued="filter F C dir",
        refused="fix config script-shell browser git node-options globalconfig userconfig",
    ),
    "yarn": Tool(
        "list info why audit outdated licenses(list ls generate-disclaimer) versions bin config(get list) "
        "workspaces(info list) npm(info audit) owner(list) cache(list dir) team(list) tag(list) help",
        valued="cwd",
        refused="output-file use-yarnrc browser",
    ),
    "bun": Tool("pm(ls bin hash cache whoami) outdated", refused="config"),
    "pip": Tool(
        "list freeze show check search config(list get debug) debug cache(dir info list) index(versions) inspect hash "
        "version(.) completion",
        valued="python proxy log cache-dir retries timeout",
        interpreter="python",
        refused="log require-virtualenv",
    ),
    "uv": Tool(
        ". tree pip(list freeze show check tree) python(list find dir) tool(list) cache(dir size) version(.) "
        "self(version) export(.) lock(. ) workspace(list metadata)",
        valued="project directory config-file cache-dir p python",
        interpreter="python p",
        refused="o output-file config-file index-url extra-index-url",
    ),
    "poetry": Tool(
        "show check search about env(info list) config(. ) version(.) source(show) cache(list)",
        valued="C directory P project",
        refused="unset",
    ),
    "pipx": Tool("list environment"),
    "conda": Tool(
        "list info search env(list) config(. ) compare doctor",
        refused="set add append prepend remove remove-key write-default stdin migrate",
    ),
    "mamba": Tool("list info search env(list) repoquery(search depends whoneeds)"),
    "cargo": Tool(
        "search tree metadata locate-project pkgid info read-manifest verify-project version(.) owner(. ) audit "
        "outdated help --list report(future-incompatibilities)",
        valued="manifest-path color Z",
        refused="config Z add remove a r target-dir fix",
    ),
    "ruff": Tool(
        ". check lint rule config linter version analyze(graph)",
        refused="fix fix-only add-noqa o output-file w watch unsafe-write",
    ),
    "go": Tool(
        "version env(. *) list doc vet(.) help mod(graph why verify) bug(.)", refused="w u toolexec exec vettool mod o"
    ),
    "pre-commit": Tool("help sample-config validate-config validate-manifest", refused="c config"),
    "rustup": Tool(
        "show(. active-toolchain home profile) toolchain(list) target(list) component(list) which check doc"
    ),
    "gem": Tool(
        "list search info dependency environment|env outdated which specification contents query sources(.) help",
        refused="a add r remove c clear-all u update",
    ),
    "bundle": Tool(
        "list show|info outdated check platform config(list get) licenses env doctor viz help", refused="gemfile"
    ),
    "composer": Tool("show|info search outdated why|depends why-not|prohibits licenses status validate diagnose about"),
    "brew": Tool(
        "info|abv list|ls search deps desc leaves uses outdated missing config doctor|dr options tap-info formulae "
        "casks "
        "log cat commands fetch home|homepage shellenv docs analytics(. state) bundle(list check) cask(list info "
        "search "
        "outdated home) livecheck",
        refused="fix",
        paths=False,
        flags="--cache --cellar --caskroom --prefix --repository --repo --env --taps --config -S -v",
    ),
    "apt": Tool("list search show showsrc policy depends rdepends changelog", refused="o c option config-file"),
    "apt-cache": Tool("*", refused="o c option config-file"),
    "apt-get": Tool("changelog check", refused="o c option"),
    "yum": Tool(
        "list info search provides|whatprovides repolist deplist check-update history(list info)",
        refused="c config setopt installroot",
    ),
    "dnf": Tool(
        "list info search provides repolist deplist check-update repoquery history(list info)",
        refused="c config setopt installroot",
    ),
    "apk": Tool("info list search version policy stats dot"),
    "zypper": Tool("search|se info|if list-updates|lu repos|lr packages|pa patterns|pt"),
    "port": Tool("list search info installed outdated deps dependents contents variants version"),
    "snap": Tool("list find info version changes connections interfaces services"),
    "flatpak": Tool("list info search remotes remote-ls remote-info history"),
    "choco": Tool("list search info outdated"),
    "winget": Tool("list search show source(list)"),
    "scoop": Tool("list search info status bucket(list) which"),
    "nix": Tool("search show-derivation path-info flake(show metadata) eval(.) "),
    "mix": Tool("help hex.info hex.outdated"),
    "luarocks": Tool("list search show doc"),
    "opam": Tool("list search show info"),
    "stack": Tool("path ls(dependencies snapshots) query"),
    "dotnet": Tool("nuget(list) sdk(check) tool(list search) workload(list search)"),
    "gradle": Tool(
        "tasks dependencies projects properties help",
        refused="I init-script b build-file c settings-file p project-dir g gradle-user-home include-build D "
        "system-prop project-cache-dir",
    ),
    "mvn": Tool(
        "help:effective-pom help:describe dependency:tree",
        refused="Doutput DoutputFile f file s settings gs global-settings t toolchains l log-file",
    ),
    "sdk": Tool("list current version"),
    "nvm": Tool("ls|list ls-remote current which version"),
    "asdf": Tool("list(. all) current where which latest plugin(list) info"),
    "mise": Tool("ls|list current where which latest settings(. get ls) doctor"),
    "pyenv": Tool("versions version which whence root prefix commands"),
    "rbenv": Tool("versions version which whence root prefix"),
}
PACKAGES |= dict.fromkeys(("pip2", "pip3"), PACKAGES["pip"])

FORGES: dict[str, Tool] = {
    "gh": Tool(
        "pr(list|ls view status diff checks) issue(list|ls view status) repo(list|ls view autolink(list view) "
        "license(list view) gitignore(list view) deploy-key(list)) run(list|ls view watch download) workflow(list|ls "
        "view) "
        "release(list|ls view download verify verify-asset) gist(list|ls view) search(repos prs issues commits code) "
        "cache(list|ls) secret(list|ls) variable(list|ls get) label(list|ls) auth(status) config(list|ls get) "
        "codespace|cs(list|ls logs ports view) extension|ext|extensions(list|ls search) alias(list|ls) "
        "ssh-key(list|ls) "
        "gpg-key(list|ls) project(list|ls view field-list item-list) org(list|ls) ruleset|rs(list|ls view check) "
        "attestation|at(verify download trusted-root) status browse preview(list) agent-task(list view) completion",
        valued="R repo hostname",
        refused="show-token t output O clobber",
        paths=False,
    ),
    "glab": Tool(
        "mr(list view diff issues approvers) issue(list view) repo(list view search contributors) ci(list status "
        "view get "
        "trace lint) pipeline(list status view get ci) release(list view) label(list get) snippet(list view) "
        "variable(list) schedule(list) user(events) milestone(list get) config(get) auth(status) incident(list view)",
        valued="R repo",
        refused="show-token t",
        paths=False,
    ),
    "hub": Tool("pr(list show) issue(. show labels) release(. show) ci-status browse", paths=False),
}

SYSTEM: dict[str, Tool] = {
    "systemctl": Tool(
        ". status show cat is-active is-enabled is-failed is-system-running list-units list-unit-files list-timers "
        "list-sockets list-jobs list-dependencies list-machines list-automounts list-paths get-default",
        valued="t type state n lines o output p property M machine H host",
        refused="H host M machine root image force",
        paths=False,
    ),
    "service": Tool("--status-all"),
    "loginctl": Tool(
        ". list-sessions list-users list-seats session-status user-status seat-status show-session", paths=False
    ),
    "timedatectl": Tool(". status show list-timezones timesync-status show-timesync", refused="H M"),
    "hostnamectl": Tool(". status", refused="H M"),
    "localectl": Tool(". status list-locales list-keymaps", refused="H M"),
    "resolvectl": Tool(". status query statistics", refused="H M"),
    "networkctl": Tool(". list status lldp"),
    "systemd-analyze": Tool(". time blame critical-chain plot dump unit-paths calendar timespan timestamp cat-config"),
    "nmcli": Tool(
        ". general(. status hostname) networking(. connectivity) radio(. all wifi wwan) connection|con|c(. show) "
        "device|dev|d(. status show wifi(. list))",
        valued="t f fields m mode g get-values c colors",
        refused="s show-secrets",
    ),
    "ip": Tool(
        "a|ad|addr|addre|address(. show|s|sh|list|ls|l|lst) l|li|link(. show|s|sh|list|ls|l xstats afstats) "
        "r|ro|route(. show|s|sh|list|ls|l get) ru|rule(. show|s|list|ls|l) n|neigh|neighbour|neighbor(. "
        "show|s|list|ls|get) "
        "m|mad|maddr|maddress(. show|s|list) mr|mroute(. show|s|list) netns(. list|ls|show identify pids list-id) "
        "netc|netconf(. show|s) stats(. show|s) tunnel|tunl(. show|s|list) tuntap(. show|list|s) vrf(. show|list "
        "identify) "
        "ntable|ntbl(. show|s) token(. list) tcp_metrics(. show) xfrm(state(. list) policy(. list)) mptcp(endpoint(. "
        "show) "
        "limits(. show)) nexthop(. show|list|get) monitor(. all link address route) addrlabel(. list) ntable(. show) "
        "fou(show) l2tp(show) macsec(. show) sr(tunsrc(show)) ioam(namespace(show) schema(show))",
        valued="f family n netns rc rcvbuf l loops c",
        refused="b batch force n netns",
        paths=False,
    ),
    "launchctl": Tool(
        "list print print-cache print-disabled plist procinfo hostinfo resolveport blame dumpstate dumpjpcategory "
        "managerpid manageruid managername error variant version help getenv limit(.)",
        paths=False,
    ),
    "tmutil": Tool(
        "help version destinationinfo latestbackup listbackups listlocalsnapshots listlocalsnapshotdates uniquesize "
        "compare calculatedrift isexcluded currentphase machinedirectory status",
        paths=False,
    ),
    "diskutil": Tool(
        "list info|information listFilesystems activity verifyVolume verifyDisk "
        "apfs(list listCryptoUsers listSnapshots listVolumeGroups) coreStorage|cs(list info) appleRAID|ar(list)",
        paths=False,
    ),
    "hdiutil": Tool("info imageinfo verify checksum help isencrypted plugins pmap udifderez burn(-list)", paths=True),
    "profiles": Tool("list show status validate help", refused="output o", paths=False),
    "security": Tool(
        "help error find-certificate find-identity dump-keychain list-smartcards translocate-policy-check "
        "translocate-status-check translocate-original-path verify-cert show-keychain-info dump-trust-settings "
        "smartcards(token) leaks requirement-evaluate find-key",
        refused="d g w i",
        paths=False,
    ),
    "openssl": Tool(
        "version help list ciphers errstr speed verify s_client x509",
        refused="out keyout writerand proxy_pass rand engine config passin passout key provider-path sess_out "
        "keylogfile msgfile signkey CAcreateserial CAserial",
        paths=False,
    ),
    "binhex": Tool("probe"),
    "applesingle": Tool("probe"),
    "macbinary": Tool("probe"),
    "ufw": Tool("status version show", paths=False),
    "fwupdmgr": Tool("get-devices get-updates get-history get-remotes get-releases"),
    "nvidia-smi": Tool(". *", refused="f filename r gpu-reset pm pl ac rac c"),
    "tailscale": Tool("status ip netcheck version whois ping dns(status query)", paths=False),
    "zpool": Tool("list status iostat history get version", refused="x"),
    "zfs": Tool("list get diff version"),
    "btrfs": Tool("filesystem|fi(show df usage du label) subvolume|sub(list show get-default) device|dev(stats usage)"),
    "tc": Tool("qdisc(. show) class(show) filter(show)", refused="b batch force n"),
    "bridge": Tool("link(. show) fdb(. show) vlan(. show) mdb(. show)", refused="b batch force n"),
}
