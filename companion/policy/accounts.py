"""Variables that say in whose name, and where, a cloud's own tool makes its calls."""

from __future__ import annotations

import re
from collections.abc import Mapping

ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "aws": ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    "gcloud": ("CLOUDSDK_CORE_PROJECT", "CLOUDSDK_ACTIVE_CONFIG_NAME"),
    "az": ("AZURE_DEFAULTS_SUBSCRIPTION", "ARM_SUBSCRIPTION_ID"),
    "vault": ("VAULT_NAMESPACE",),
}
"""By tool, the one that counts first."""
REGIONS: Mapping[str, tuple[str, ...]] = {
    "aws": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "gcloud": ("CLOUDSDK_COMPUTE_REGION", "CLOUDSDK_COMPUTE_ZONE"),
    "az": ("AZURE_DEFAULTS_LOCATION",),
}

_WORD = re.compile(r"\w+")


def tools_in(text: str) -> set[str]:
    """The tools of ACCOUNTS whose names are words of the text."""
    return {*_WORD.findall(text)} & ACCOUNTS.keys()


def variables_for(text: str) -> tuple[str, ...]:
    """The names of all variables that count for the tools in a command."""
    return tuple(name for tool in sorted(tools_in(text)) for name in (*ACCOUNTS[tool], *REGIONS.get(tool, ())))
