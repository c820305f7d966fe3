"""Which table tells of which program. No table is read before one of its programs is met."""

from __future__ import annotations


def _each(place: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), place)


FILES: dict[str, str] = {
    **_each(
        "clusters", "argocd crictl ctr docker docker-compose flux helm k k3d kind kubectl kustomize minikube nerdctl oc"
    ),
    **_each("clusters", "podman podman-compose velero"),
    **_each("forges", "gh glab hub"),
    **_each(
        "hosting",
        "azcopy bq doctl firebase fly flyctl gsutil heroku mc mcli netlify now ntl railway rclone s3cmd s4cmd",
    ),
    **_each("hosting", "supabase vc vercel wrangler"),
    **_each(
        "infra", "ansible ansible-config ansible-console ansible-doc ansible-galaxy ansible-inventory ansible-lint"
    ),
    **_each("infra", "ansible-playbook ansible-test ansible-vault cdk consul eksctl etcdctl nomad packer pulumi sam"),
    **_each("infra", "serverless sls terraform terragrunt tofu vagrant vault"),
    **_each(
        "packages",
        "apk apt apt-cache apt-get apt-mark brew bun bundle bundler bunx cargo composer conda dnf dotnet dpkg",
    ),
    **_each(
        "packages", "dpkg-query flatpak gem go gradle gradlew mamba microdnf micromamba mvn mvnw nix npm npx pacman pdm"
    ),
    **_each(
        "packages", "pip pip2 pip3 pip3.11 pip3.12 pip3.13 pipx pnpm pnpx poetry rpm rustup snap uv uvx yarn yum zypper"
    ),
    **_each(
        "secrets", "age bw chamber cmdkey doppler gopass gpg gpg2 infisical keyring op pass secret-tool security sops"
    ),
    **_each("secrets", "ssh-add ssh-keygen stripe"),
    **_each("system", "black isort journalctl loginctl nginx pm2 pre-commit ruff supervisorctl systemctl"),
}
"""Program to the name of its file."""

CODE: dict[str, str] = {
    "aws": "aws.calls",
    **_each("clouds", "gcloud az"),
    **_each("clusters", "kubectl k oc docker podman nerdctl docker-compose podman-compose"),
    **_each("forges", "gh glab"),
    **_each("keyed", "redis-cli valkey-cli keydb-cli mongosh mongo"),
    **_each("sql.clients", "psql pgcli mysql mariadb mycli sqlite3 sqlite duckdb sqlcmd clickhouse-client clickhouse"),
    **_each("windows.entry", "powershell powershell.exe pwsh pwsh.exe pwsh-preview cmd cmd.exe"),
}
"""Program to the module whose `judge` tells of it, below this package: more than a table can say."""
