"""Which secrets of the environment rules may name, and for whom.

Whoever may write a rule file is not trusted with every secret of the process: a receiver of webhooks of their
own would be shown whatever they name as its token.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

OWN = "GATEWAY_"
"""The beginning of the gateway's own settings, such as its admin token."""

RESERVED = ("AWS_", "AZURE_", "ELASTIC_APM_", "GOOGLE_", "KUBERNETES_", "VAULT_", "REDIS", "SSH_")
"""The beginnings of what a platform gives to a process for other purposes than rules."""

VENDORS: Mapping[str, str] = {"SLACK_": "slack", "PAGERDUTY_": "pagerduty"}
"""The kind of destination that alone may have a vendor's secrets, by the beginning of their names."""

KEPT = frozenset(
    {"PAGERDUTY_API_TOKEN", "PAGERDUTY_WEBHOOK_SECRET", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"}
)
"""The secrets of a vendor that no destination needs: a rule could send them to an address of its own, and whoever has
them can act as a person in Slack or PagerDuty."""

LIST = "GATEWAY_RULE_SECRETS"


def why_refused(name: str, taker: str, granted: Collection[str], listed: Collection[str] | None) -> str:
    """Return why a rule may not hand the secret `name` to `taker`; empty where it may.

    `taker` is the kind of the destination, or `SOURCE` for a source. `granted` are the secrets that a
    destination of this kind has without any rule's word. `listed` are the names in GATEWAY_RULE_SECRETS, None
    where it is not set. A name counts as reserved whatever its capitals.
    """
    if name in granted:
        return ""
    begins = name.upper()
    # A list cannot give these away: the admin token in a stranger's hands silences everything.
    if begins.startswith(OWN):
        return f"{name} is a setting of the gateway's own, which no rule may have"
    if begins in KEPT:
        return f"{name} is for the gateway itself, and no rule may have it"
    kind = next((kind for beginning, kind in VENDORS.items() if begins.startswith(beginning)), taker)
    # A vendor's token goes to that vendor: a webhook that is shown it could post and page in our name.
    if kind != taker:
        return f"{name} is for {kind} destinations alone"
    # Whoever runs the gateway has said what rules may name: a name that is forgotten there fails loudly.
    if listed is not None:
        return "" if name in listed else f"{name} is not among the names in {LIST}, so no rule may have it"
    if begins.startswith(RESERVED):
        return f"{name} is kept from rules by its beginning: {LIST} would have to list it"
    return ""


def never_granted(listed: Collection[str]) -> list[str]:
    """Return a sentence about each name in the list that no rule gets all the same."""
    return [
        f"{LIST}: {name} is for the gateway itself, and no rule may have it: take it out"
        for name in listed
        if name.upper().startswith(OWN) or name.upper() in KEPT
    ]
