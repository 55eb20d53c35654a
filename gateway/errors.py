"""The gateway's exceptions. Expected outcomes are values; an exception stops a step.

GatewayError
├── StateUnavailable     the store is away or too slow: answer 503, try again
│   ├── StateFull        the store takes nothing that grows; ends, plans and settlements still fit
│   ├── StateLost        the store was emptied under the running gateway, which begins anew
│   └── StateUnusable    no waiting helps: the store wants another password, or is none
├── BadRules             a rule set with errors: never swapped in
├── BadSettings          the environment says something impossible: the process does not start
│   └── SecretAway       the file of a secret is not there: the secret is set, and may come
└── BadWebhook           a body that is no Alertmanager webhook at all: 400, kept in quarantine
"""

from __future__ import annotations


class GatewayError(Exception):
    """The base of every error that the gateway raises on purpose. The text of the error is for people."""


class StateUnavailable(GatewayError):
    """The store cannot take or give state now; the sender is asked to come again (503).

    `kind` is a label of metrics.
    """

    kind = "unavailable"


class StateFull(StateUnavailable):
    """The store has reached its memory budget."""

    kind = "full"


class StateLost(StateUnavailable):
    """The store is not the one that this gateway knew: it was emptied, or another one took its place."""

    kind = "lost"


class StateUnusable(StateUnavailable):
    """The store answers and cannot be used as its address says; the text names the remedy."""

    kind = "unusable"


class BadRules(GatewayError):
    """The rule files have errors; the text lists each as ``file:line:column: message``."""


class BadSettings(GatewayError):
    """A setting is missing or impossible; the text names it and the remedy."""


class SecretAway(BadSettings):
    """The file that holds a secret is not there now."""


class BadWebhook(GatewayError):
    """The body is no Alertmanager webhook; ``field`` names the place in it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message
