"""What common programs can be made to do by their options, beyond what they are for.

Names and classes are facts as GTFOBins collects them (gtfobins.github.io), put down anew. A program that can run
another one or write a file by an option is never taken for a reader by its name alone: its table lists the options
under which it only reads, and every other is asked about.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache


class Ability(StrEnum):
    """One thing that a program can do when its options say so."""

    RUNS = "runs"
    """Starts a shell or another program, or loads code."""
    WRITES = "writes"
    """Writes a file that an option or an operand names."""
    READS = "reads"
    """Prints the content of a file that an option or an operand names."""
    TALKS = "talks"
    """Sends or fetches over the network."""


_RUNS = (
    "7z aa-exec ab ag ansible-playbook ansible-test aoss apt apt-get ar aria2c ash at awk aws bash batch bconsole "
    "bpftrace bridge bundle "
    "bundler busctl busybox byebug c89 c99 cabal capsh cargo cdist certbot chroot choom chrt cmake cobc code "
    "composer cowsay cowthink cp "
    "cpan cpio cpulimit crash crontab csh csvtool ctr cupsfilter dash dc debugfs dialog distcc dmesg dmsetup dnf "
    "docker dotnet dpkg dstat "
    "dvips easy_install eb ed elixir elvish emacs enscript env eqn ex expect exim facter fdfind fd find finger "
    "firejail fish flock fzf "
    "gawk gcc gcloud gcore gdb gem genie ghc ghci gimp ginsh git gnuplot go grc gtester hg hping3 iconv iftop "
    "ionice ip irb ispell java "
    "jjs joe journalctl jrunscript julia knife ksh kubectl latex latexmk ld ldconfig less lftp ln loginctl "
    "logrotate logsave ltrace lua "
    "lualatex luatex mail make man mawk mksh mlocate more mosh mosquitto mount msfconsole msgfilter multitime mutt "
    "mysql nano nasm nawk ncdu "
    "ncftp neofetch nft nice nmap node nohup npm nroff nsenter octave openssl openvpn pandoc parallel pdb "
    "pdflatex pdftex perf perl pexec "
    "pg php pic pico pidstat pip pkexec pkg posh pry psftp psql puppet pwsh pydoc python rake rc readelf rpm rpmdb "
    "rpmquery rpmverify "
    "rsync rsyslogd rtorrent ruby run-mailcap run-parts runscript rview rvim sash scanmem scp screen script scrot "
    "sed service setarch "
    "setfacl setlock sftp sg slsh smbclient snap socat softlimit sort split sqlite3 sqlmap ss ssh ssh-agent "
    "ssh-keygen ssh-keyscan "
    "sshpass start-stop-daemon stdbuf strace su sudo systemctl systemd-resolve systemd-run tar task taskset tasksh "
    "tbl tclsh tcpdump tdbtool "
    "tee telnet terraform tex time timedatectl timeout tmate tmux top torify torsocks troff ul unshare unzip "
    "update-alternatives urlget "
    "uv valgrind vagrant vi view vim vimdiff virsh volatility w3m wall watch wget whiptail wireshark wish xargs "
    "xdotool xelatex xetex yarn "
    "yash yum zathura zip zsh zsoelim zypper rg man bat delta entr ninja deno bun pnpm npx tsx ts-node ruff pytest "
    "tox nox gradle mvn ant"
)
_WRITES = (
    "7z ag apt ar aria2c arj ash base64 bash busybox bzip2 cc chmod cmp cp cpio csplit csvtool curl cut dash dd "
    "debugfs dialog dosbox "
    "ed emacs enscript ex exiftool fish ftp gawk gcc gdb gem git gnuplot grc gzip hexdump iconv install jjs jq "
    "jrunscript julia ksh "
    "latex less lftp ln logsave lua lualatex lwp-download mail make mawk more msgfilter mv mysql nano nasm nawk nc "
    "node od openssl "
    "pandoc patch perl pg php pic pico pr psql python redis-cli rsync ruby run-mailcap rvim rview scp screen "
    "script sed sftp shuf "
    "slsh smbclient socat sort split sqlite3 ssh ssh-keygen strace tar tee terraform tftp tic tmux truncate "
    "uniq uuencode uudecode "
    "vi view vim vimdiff wget wish xmore xxd xz yarn zip zsh zstd find fd tree du diff sdiff dot yq column gpg tcpdump"
)
_READS = (
    "7z aa-exec ab ar arj arp as ascii-xfr ascii85 aspell atobm awk base32 base58 base64 basenc basez bash bc bzip2 "
    "cat cmp column comm "
    "csplit csvtool cupsfilter curl cut date dd debugfs dialog diff dig dmesg dos2unix dosbox ed efax elvish emacs "
    "eqn ex exiftool "
    "expand expect file find fmt fold gawk gcc gdb genisoimage ghostscript gimp git gnuplot gpg grep gzip hd head "
    "hexdump highlight "
    "iconv install ip ispell jjs join jq jrunscript julia ksh ksshell kubectl last latex ld less links logsave look "
    "lua lwp-request m4 "
    "man mawk more mosquitto msgattrib msgcat msgconv msgfilter msgmerge msguniq mtr mv mysql nano nasm nawk nc "
    "ncftp nft nl nm nmap node "
    "nroff od openssl pandoc paste patch pdftex perl pg php pic pico pr psql ptx python rake rc readelf red "
    "redcarpet restic rev rlogin rsync "
    "ruby run-mailcap rview rvim scp sed sftp shuf slsh socat soelim sort split sqlite3 sqlmap ss ssh ssh-keygen "
    "ssh-keyscan strings sysctl "
    "systemctl tac tail tar tbl tclsh tcpdump tee terraform tftp tic timedatectl tmux top troff ul unexpand uniq "
    "unzip update-alternatives "
    "urlget uuencode vi view vim vimdiff w3m wc wget whiptail whois wish xargs xmodmap xmore xpad xxd xz yelp "
    "yui-compressor zip zsh zsoelim zstd "
    "rg bat fd yq tree du"
)
_TALKS = (
    "ab apt aria2c ash aws bash cancel certutil curl dig dnf finger ftp gawk gem git gsutil http irb java julia "
    "kubectl lftp links lua lwp-download "
    "lwp-request mail nc ncat ncftp nmap node nslookup openssl perl php pip pwsh python rclone rlogin rsync ruby "
    "scp sftp smbclient socat ssh "
    "tclsh telnet tftp wget whois wish xh yum npm yarn cargo go docker"
)

_NAMES = {Ability.RUNS: _RUNS, Ability.WRITES: _WRITES, Ability.READS: _READS, Ability.TALKS: _TALKS}


@lru_cache(maxsize=1)
def _sets() -> dict[Ability, frozenset[str]]:
    return {ability: frozenset(names.split()) for ability, names in _NAMES.items()}


def abilities(program: str) -> frozenset[Ability]:
    """What a program can be made to do; nothing for one that is not known."""
    return frozenset(ability for ability, names in _sets().items() if program in names)


def programs(ability: Ability) -> frozenset[str]:
    """Every program that is known to be able to do this."""
    return _sets()[ability]
