"""What it costs to look a command up in the tables of knowledge: knowledge.py [ROUNDS]

For each command the first look-up, which reads the table, and the minimum of several rounds of later ones.
"""

from __future__ import annotations

import shlex
import sys
import time

from companion.policy.knowledge.classify import classify

COMMANDS = """
aws ec2 describe-instances --instance-ids i-1 --region us-east-1 --profile p --query x
gh pr list --state open --json number,title -L 20
kubectl get pods -n kube-system -o wide --show-labels
az vm list -g mygroup --output table
gcloud compute instances list --project p --format=json
docker ps -a --filter name=x
npm ls --depth=0 --json
terraform state list
redis-cli -h x GET k
psql -h localhost -U me -c 'SELECT a FROM b WHERE c=1'
powershell -NoProfile -Command Get-ChildItem -Recurse src
cmd /c dir /s src
""".strip().splitlines()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print("first, ms   later, µs   command")
    for command in COMMANDS:
        program, *words = shlex.split(command)
        start = time.perf_counter()
        classify(program, words)
        first = time.perf_counter() - start
        later = []
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(200):
                classify(program, words)
            later.append((time.perf_counter() - start) / 200)
        print(f"{first * 1e3:9.1f}   {min(later) * 1e6:9.1f}   {command}")


if __name__ == "__main__":
    main()
