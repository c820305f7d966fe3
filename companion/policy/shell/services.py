"""Tools that talk to services and administer systems, for which a rule about verbs holds.

Such tools say what they do in a word of its own: `fastly backend list`, `nats stream info ORDERS`. A call reads when a
word that reads stands among its first words, none that changes does, and it does not print a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.policy.shell.effects import NAMES
from companion.policy.shell.invocation import Finding, Invocation
from companion.policy.shell.tools import Tool, asks_for_help, named_files, names

INFRASTRUCTURE: dict[str, Tool] = {
    "helm": Tool(
        "list|ls status history|hist get(all values manifest notes hooks metadata) show|inspect(all chart values "
        "readme crds) "
        "search(repo hub) template lint verify version env dependency|dep|dependencies(list|ls) repo(list|ls) "
        "plugin(list|ls) completion diff(upgrade revision rollback release)",
        dry="--dry-run",
        valued="n namespace kube-context kubeconfig kube-apiserver kube-as-user registry-config repository-cache",
        refused="kubeconfig output-dir post-renderer kube-token show-only-secrets validate kube-apiserver",
    ),
    "helmfile": Tool("list template lint build version", valued="f file e environment", refused="output-dir"),
    "packer": Tool(
        "validate inspect console plugins(installed required) version", dry="-check", refused="machine-readable-out"
    ),
    "cdk": Tool(
        "list|ls synth|synthesize diff doctor notices acknowledge|ack docs|doc metadata context",
        valued="c context plugin profile a app",
        refused="app a output o clear reset plugin",
    ),
    "pulumi": Tool(
        "about whoami version stack(ls output history tag(ls get)) config(get) preview plugin(ls) logs "
        "org(get-default)",
        refused="show-secrets s C cwd",
    ),
    "ansible-galaxy": Tool(
        "collection(list verify info) role(list info search) list info search", refused="force f token"
    ),
    "ansible-doc": Tool("*", flags="-l -t -F -j --list --list_files --json", refused="e entry-point playbook-dir"),
    "ansible-inventory": Tool("", flags="--list --graph --host", refused="output vault-id ask-vault-pass"),
    "ansible-lint": Tool("*", flags="-L -T -p -q -x", refused="fix write"),
    "ansible-config": Tool("list dump view validate", refused="c config"),
    "ansible-vault": Tool(""),
    "ansible": Tool("", flags="--version --list-hosts"),
    "ansible-playbook": Tool("", flags="--version"),
    "ansible-pull": Tool("", flags="--version"),
    "ansible-test": Tool("", flags="--version"),
    "ansible-console": Tool("", flags="--version"),
    "kustomize": Tool(
        "version build cfg(tree cat grep count)", refused="enable-exec enable-alpha-plugins output o enable-helm"
    ),
    # What it checks it does not print.
    "promtool": Tool(
        "check(config rules metrics web-config) test(rules) query(instant range series labels)", code=NAMES
    ),
    "amtool": Tool("alert(. query) silence(query) config(show) check-config"),
    "kubectx": Tool("", flags="-c --current"),
    "kubens": Tool("", flags="-c --current"),
    "dagger": Tool("version functions"),
    "act": Tool("", flags="-l --list"),
}

_NAMES = (
    "apigeecli deck kong fastly circleci gitlab-runner ldcli flipt unleash nats rabbitmqctl datadog-ci stripe algolia "
    "doppler op mc wrangler vercel fly flyctl heroku netlify railway render firebase supabase auth0 azcopy rclone "
    "restic "
    "borg velero argocd argo flux tkn istioctl linkerd cilium consul nomad vault boundary waypoint eksctl kops doctl "
    "linode-cli hcloud scw exo ibmcloud oci civo vultr-cli s3cmd b2 ibmcloud databricks snow snowsql bq gsutil cbt "
    "confluent rpk pscale turso neonctl planetscale sentry-cli newrelic grafana-cli logcli pd opsgenie twilio sam "
    "copilot "
    "ecs-cli amplify serverless sls eb dapr knative kn odo oc rosa crc minikube kind k3d k3s rancher buildkite-agent "
    "bk "
    "drone travis jenkins-cli jfrog jf nexus okta stytch ngrok cloudflared tsh teleport step cmctl velero kubeseal "
    "kubecm "
    "lxc incus multipass vagrant virsh vboxmanage powerdns-admin dnscontrol octodns porkbun gandi mongocli atlas "
    "elastic "
    "ecctl temporal tctl airflow dbt prefect dagster mlflow wandb huggingface-cli hf kaggle modal replicate posthog "
    "prisma drizzle-kit sanity contentful shopify saleor medusa eas expo ionic cap pod fastlane gcloud-beta split "
    "kafka-topics kafka-configs kafka-acls kafka-consumer-groups kafka-broker-api-versions kafka-log-dirs rpk kcat "
    "openstack nova glance ceph rados rbd gluster etcdctl zkcli consul-template traefik caddy nginx haproxy pm2 "
    "supervisorctl "
    "rabbitmqadmin rabbitmq-diagnostics rabbitmq-queues kafka-get-offsets "
    "forge envoyer platform upsun acquia terminus wp drush ddev lando sonar-scanner snyk trivy grype syft cosign crane "
    "skopeo oras regctl buf grpcurl evans newman postman http-server turbo nx lerna changeset"
)
SERVICES: frozenset[str] = frozenset(_NAMES.split())
"""Tools that are known by name alone."""

_READING = names(
    "list ls lsd lsl lsf lists list-all listall get show describe desc info status view whoami version help "
    "search inspect stat stats state tail logs log cat head find du tree diff check validate lint ping events "
    "history usage ps top doctor health report browse explain config-show display count size about query "
    "lookup summary verify env-list ncdu lsjson tags plan print outputs dump-config snapshots evaluate diagnostic "
    "diagnostics overview versions topology"
)
_CHANGING = re.compile(
    r"(?:create|add|new|set|put|update|edit|delete|destroy|rm|remove|purge|drop|unset|revoke|rotate|deploy|apply|restart|"
    r"start|stop|kill|scale|enable|disable|push|publish|release|promote|rollback|import|export|restore|migrate|reset|move|mv|"
    r"cp|copy|sync|upload|download|login|logout|auth|exec|run|ssh|shell|invoke|trigger|cancel|approve|merge|transfer|attach|"
    r"detach|join|leave|init|install|uninstall|upgrade|clean|prune|flush|truncate|forget|mount|unmount|serve|proxy|dev|send|"
    r"write|pub|publish|unlink|link|clear|seal|unseal|rekey|generate|sign|encrypt|decrypt|decode|reload|undo|wipe|erase|"
    r"format|abort|alter|terminate|suspend|resume|pause|unpause|swap|switch|use|select|config-set|rename|tag|fork|archive|expire|"
    r"mirror|bulk|assign|grant|deny|register|deregister|provision|taint|replace|patch|modify|change|reboot|poweroff|activate|deactivate|finish|complete|retire|"
    r"block|unblock|ban|lock|unlock|evict|failover|recover|revert|requeue|resend|retry|replay|skip|ack|nack|toggle|hide|close|"
    r"reopen|quarantine|bind|unbind|renew|reset|refresh|rebuild|reindex|rebalance|compact|vacuum|restrict|override|commit)"
    r"(?:$|[-:_])"
)
_SECRET = re.compile(
    r"secret|token|passw|credential|\bkeys?\b|api-?key|private|\bread\b|\bitem\b|kubeconfig|\bvars?\b|\benv\b|pull\b",
    re.IGNORECASE,
)
_SECRET_VERBS = frozenset(
    {"get", "show", "view", "cat", "print", "read", "describe", "inspect", "dump", "head", "export"}
)
_WRITES = re.compile(
    r"-(?:o|O|f)$|--?(?:out|output-file|output-dir|outfile|exec|config-override|endpoint|force|reveal|show-secrets?"
    r"|password-command|rsh|remote-path|option=|connect\b|inline\b)|.*\+(?:ext|ssh|libssh2?):|(?:[\w-]+\.)?command="
)


_READS: dict[str, re.Pattern[str]] = {
    "kong": re.compile(r"(?:config parse|check)(?: .*)?"),
    "nats": re.compile(r"(?:sub|subscribe|server (?:check|ping|list|info|report))(?: .*)?"),
    **dict.fromkeys(
        ("rabbitmqctl", "rabbitmq-diagnostics", "rabbitmq-queues"),
        re.compile(
            r"(?:list_\w+|check_\w+|(?:cluster_|quorum_)?status|ping|memory_breakdown|server_version"
            r"|cipher_suites)(?: .*)?"
        ),
    ),
    **dict.fromkeys(("kafka-broker-api-versions", "kafka-get-offsets"), re.compile(r"[\w.:,-]*(?: [\w./:,-]+)*")),
}
"""What some tools name in words of their own, with all that may follow."""


_CHECKS = frozenset({"kong"})
"""Those that look at a file and say whether it is right."""


def _does_more(words: list[str | None], known: list[str]) -> bool:
    """Whether a word is not known, or an option writes or runs something."""
    return len(known) < len(words) or any(_WRITES.match(word) for word in known)


def judge_service(invocation: Invocation, otherwise: str = "cloud") -> Iterator[Finding]:
    """What a call of a tool in SERVICES does, by its verb."""
    words = [arg.constant for arg in invocation.args]
    if asks_for_help(words) or (len(words) == 1 and words[0] in {"-v", "-V"}):
        yield invocation.runs()
        return
    known = [word for word in words if word is not None]
    shown = " ".join([invocation.name, *known[:2]])
    operands = [word for word in known if not word.startswith("-")][:4]
    verbs = [
        part for word in operands for part in (word, *re.split(r"[:_.]|(?<=[a-z])-", word)[-1:], word.split("-")[0])
    ]
    named = {word.lstrip("-") for word in known if word.startswith("--") and "=" not in word}
    reading = next((verb for verb in verbs if verb in _READING), None) or next(
        iter(named & {"list", "describe", "status"} if invocation.name.startswith("kafka-") else ()), None
    )
    every = [word.lstrip("-") for word in known if not word.startswith("-") or word.startswith("--")]
    changing = any(_CHANGING.match(verb) for word in every for verb in (word, *word.split(":")[1:]))
    own = _READS.get(invocation.name)
    if own is not None and own.fullmatch(" ".join(operands)) and not _does_more(words, known):
        yield invocation.runs()
        yield from named_files(invocation, NAMES if invocation.name in _CHECKS else "")
    elif reading is None or changing or _does_more(words, known):
        yield invocation.rule(otherwise, shown)
    elif (reading in _SECRET_VERBS or not operands) and any(_SECRET.search(word) for word in operands):
        yield invocation.rule("secret-shown", shown)
    else:
        yield invocation.runs()
        yield from named_files(invocation)
