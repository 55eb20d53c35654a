"""A receiver of webhooks as a kind of destination: what a rule says of it, and how it is reached, paced and
examined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Integration
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import DestinationKind, RuleKey, Values, ValueType

# No vendor sets this limit: 20 a second keep a storm of alerts from overwhelming a small receiver.
PACE = Pace(50, 20)


@dataclass(frozen=True, slots=True)
class Webhook(Integration):
    """A receiver of anybody's: the secrets that hold its address, a bearer token that it is shown, and the
    key of signatures.
    """

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = "a webhook"
    takes_audit: ClassVar[bool] = True
    url: SecretName
    token: SecretName | None = None
    secret: SecretName | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        return tuple(name.env for name in (self.url, self.token, self.secret) if name is not None)

    @property
    def further_secrets(self) -> tuple[str, str]:
        return self.token.env if self.token else "", self.secret.env if self.secret else ""


def _make(values: Values) -> Webhook:
    return Webhook(**values)


WEBHOOK = DestinationKind(
    integration=Webhook,
    keys={
        "url": RuleKey(
            ValueType.SECRET,
            missing="{env: AUDIT_URL}, the variable that holds the receiver's address",
            description="the variable that holds the receiver's address",
        ),
        "token": RuleKey(ValueType.SECRET, description="shown as a bearer token"),
        "secret": RuleKey(ValueType.SECRET, description="the key of signatures, whsec_<base64>"),
    },
    make=_make,
    pace=PACE,
    wiring_module="gateway.outbound.webhook.wiring",
)
