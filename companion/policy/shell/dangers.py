"""Programs that are never run unasked, each with the rule that says why, where no table of knowledge says more."""

from __future__ import annotations


def _each(code: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), code)


DANGERS: dict[str, str] = {
    **_each("disk", "dd fdisk sfdisk gdisk parted wipefs blkdiscard hdparm diskutil mkswap swapoff format diskpart"),
    **_each("disk", "mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mke2fs"),
    **_each("disk", "cryptsetup lvremove vgremove pvremove zpool zfs btrfs mdadm"),
    **_each("power", "shutdown reboot halt poweroff init telinit"),
    **_each("shred", "shred wipe srm truncate"),
    **_each("kill", "kill pkill killall xkill fuser taskkill"),
    **_each("file-change", "install rsync tar unzip zip gzip gunzip bzip2 xz zstd patch split csplit ex ed vi"),
    **_each("file-change", "vim nvim nano emacs mkfifo mknod dos2unix unix2dos rename setfacl chattr xattr cpio ar 7z"),
    **_each("link", "ln"),
    **_each("ownership", "chown chgrp"),
    **_each("service", "service launchctl crontab at batch sysctl modprobe insmod rmmod mount umount"),
    **_each("service", "iptables ip6tables nft ufw firewall-cmd useradd userdel usermod groupadd passwd visudo"),
    **_each("service", "netsh reg schtasks bcdedit defaults csrutil spctl"),
    **_each("container", "buildah lxc virsh"),
    **_each("infrastructure", "helmfile cdktf"),
    **_each("infrastructure", "skaffold"),
    **_each("cloud", "linode-cli hcloud oci ibmcloud"),
    **_each("database", "pg_dump pg_restore dropdb createdb mysqldump mysqladmin"),
    **_each("database", "mongodump mongorestore cqlsh influx"),
    **_each("package-manager", "aptitude port npm pnpm yarn bun"),
    **_each("package-manager", "choco winget scoop cabal stack opam luarocks"),
    **_each("build", "make gmake ninja cmake bazel ant sbt just task rake tox nox pytest mypy"),
    **_each("build", "tsc eslint prettier jest vitest mocha webpack vite rollup invoke"),
    **_each("network", "curl wget ssh scp sftp nc ncat netcat telnet ftp socat http https xh aria2c"),
    **_each("network", "ping dig nslookup host traceroute whois nmap"),
    **_each("eval", "eval trap"),
    **_each("source", "source ."),
    **_each("defines-function", "alias unalias hash enable bind complete compgen"),
    **_each("reads-environment", "printenv env"),
    **_each("runs-code", "awk gawk mawk nawk tclsh expect osascript"),
}

PRIVILEGED = frozenset({"sudo", "doas", "su", "pkexec", "runuser", "sudoedit", "chroot", "nsenter", "unshare", "runas"})

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh"})
POSIX_SHELLS = frozenset({"sh", "bash", "dash"})
"""Those whose scripts are read as this language."""

PYTHONS = frozenset(f"python3.{minor}" for minor in range(6, 20))
"""Pythons by their version."""
INTERPRETERS = frozenset(
    {"python", "python2", "python3", "pypy", "pypy3", "node", "nodejs", "deno", "perl", "ruby", "php", "lua"}
    | {"luajit", "Rscript", "julia", "ts-node", "tsx", "irb", "ipython", "groovy", "scala", "elixir", "erl", "ghci"}
    | PYTHONS
)

RUNS_ITS_INPUT = frozenset({"at", "batch", "osascript", "ed", "ex"})
