import pytest

from companion.model.facts import Access
from tests.support.knowledge import call, files, looks, said


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get pods -n x -o wide --show-labels",
        "k get secrets",
        "kubectl get secret x -o name",
        "kubectl describe secret x",
        "kubectl logs -f deploy/x --tail=20",
        "kubectl --namespace exec get pods",
        "kubectl config view",
        "kubectl exec p -c app -- ls -la /app",
        "kubectl apply -f x.yaml --dry-run=server",
        "docker ps -a --format '{{.ID}}'",
        "docker logs --tail 5 x",
        "docker compose ps",
        "docker compose config --services",
        "docker-compose logs -f web",
        "docker exec -it -u root x pwd",
        "podman images",
    ],
)
def test_what_only_looks(command):
    assert looks(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("kubectl get secret x -o yaml", "leaks-secret"),
        ("kubectl get -ojson secrets/x", "leaks-secret"),
        ("kubectl get pods,secrets -o yaml", "leaks-secret"),
        ("kubectl get all -o yaml", "leaks-secret"),
        ("kubectl get --raw /api/v1/secrets", "leaks-secret"),
        ("kubectl get secret x -o $FORMAT", "leaks-secret"),
        ("kubectl config view --raw", "leaks-secret"),
        ("kubectl config view --raw=true", "leaks-secret"),
        ("kubectl create token x", "leaks-secret"),
        ("kubectl delete pod x", "cloud-delete"),
        ("kubectl apply -f x.yaml", "cloud-write"),
        ("kubectl apply -f x.yaml --dry-run=none", "cloud-write"),
        ("kubectl config use-context x", "login"),
        ("kubectl exec p -- sh", "runs-other"),
        ("kubectl exec p -- cat /var/run/secrets/token", "runs-other"),
        ("kubectl exec p -- ls ?", "runs-other"),
        ("kubectl exec p", "runs-other"),
        ("kubectl port-forward x 1:2", "runs-other"),
        ("kubectl get pods ?", "unknown-word"),
        ("kubectl frobnicate", "unknown-command"),
        ("docker run --privileged x", "runs-other"),
        ("docker exec x env", "runs-other"),
        ("docker exec --privileged x ls", "unknown-option"),
        ("docker system prune -a", "cloud-delete"),
        ("docker build .", "build"),
        ("docker login", "login"),
        # Both files name programs that are run.
        ("kubectl get pods --kubeconfig=k", "unknown-option"),
        ("kubectl --kubeconfig k get pods", "unknown-option"),
        ("helm list --kubeconfig k", "unknown-option"),
        ("docker --config d ps", "unknown-option"),
        ("docker compose config --environment", "leaks-secret"),
        ("docker swarm join-token worker", "leaks-secret"),
    ],
)
def test_what_is_asked_about(command, code):
    assert code in said(command)


def test_files():
    assert files("kubectl diff -f x.yaml --client-key=k") == [("read", "x.yaml", ""), ("read", "k", "")]
    assert files("kubectl get pods --cache-dir=d") == [("write", "d", "")]
    assert ("read", "f", "") in files("kubectl get pods -o go-template-file=f")
    assert files("docker save x -o out.tar") == [("write", "out.tar", "")]
    assert files("docker compose -f c.yml ps") == [("read", "c.yml", "")]


def test_whose_cluster_it_is():
    told = call("kubectl --context prod get pods")
    assert (told.service, told.access, told.account) == ("kubernetes", Access.READ, "prod")
    assert call("docker -H tcp://h:1 ps").endpoint == "tcp://h:1"
