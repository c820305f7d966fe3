"""Programs that are never run unasked, each with the rule that says why."""

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
    **_each("service", "systemctl service launchctl crontab at batch sysctl modprobe insmod rmmod mount umount"),
    **_each("service", "iptables ip6tables nft ufw firewall-cmd useradd userdel usermod groupadd passwd visudo"),
    **_each("service", "netsh reg schtasks bcdedit defaults csrutil spctl"),
    **_each("container", "docker docker-compose podman nerdctl ctr crictl buildah lxc vagrant virsh"),
    **_each("infrastructure", "kubectl k oc helm helmfile terraform tofu terragrunt pulumi cdk cdktf ansible"),
    **_each("infrastructure", "ansible-playbook packer nomad consul vault etcdctl argocd flux kustomize skaffold"),
    **_each("cloud", "aws gcloud az gsutil bq azcopy s3cmd doctl flyctl fly heroku vercel netlify wrangler firebase"),
    **_each("cloud", "railway supabase linode-cli hcloud oci ibmcloud eksctl sam serverless sls"),
    **_each("database", "psql pg_dump pg_restore dropdb createdb mysql mysqldump mysqladmin mariadb sqlite3 sqlite"),
    **_each("database", "mongo mongosh mongodump mongorestore redis-cli clickhouse-client cqlsh duckdb influx sqlcmd"),
    **_each("package-manager", "npm npx pnpm pnpx yarn bunx pip pip3 pipx uv uvx poetry pdm conda mamba"),
    **_each("package-manager", "apt apt-get aptitude dpkg yum dnf rpm pacman zypper apk brew port snap flatpak nix"),
    **_each("package-manager", "cargo go gem bundle composer rustup choco winget scoop cabal stack opam luarocks"),
    **_each("build", "make gmake ninja cmake bazel gradle gradlew mvn ant sbt just task rake tox nox pytest mypy"),
    **_each("build", "tsc eslint prettier jest vitest mocha webpack vite rollup ruff black pre-commit invoke"),
    **_each("network", "curl wget ssh scp sftp nc ncat netcat telnet ftp socat http https xh aria2c rclone"),
    **_each("network", "gh glab hub ping dig nslookup host traceroute whois nmap"),
    **_each("eval", "eval trap"),
    **_each("source", "source ."),
    **_each("defines-function", "alias unalias hash enable bind complete compgen"),
    **_each("reads-environment", "printenv env set"),
    **_each("runs-code", "awk gawk mawk nawk tclsh expect osascript"),
}

PRIVILEGED = frozenset({"sudo", "doas", "su", "pkexec", "runuser", "sudoedit", "chroot", "nsenter", "unshare", "runas"})

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh"})
POSIX_SHELLS = frozenset({"sh", "bash", "dash"})
"""Those whose scripts are read as this language."""

INTERPRETERS = frozenset(
    {"python", "python2", "python3", "pypy", "pypy3", "node", "nodejs", "deno", "bun", "perl", "ruby", "php", "lua"}
    | {"luajit", "Rscript", "julia", "ts-node", "tsx", "irb", "ipython", "groovy", "scala", "elixir", "erl", "ghci"}
)

RUNS_ITS_INPUT = frozenset({"psql", "mysql", "sqlite3", "at", "batch", "osascript", "ed", "ex"})
