"""A receiver of webhooks as a kind of destination: what a rule says of it, and how it is reached, paced and
examined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Destination, Integration
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import DestinationKind, Examined, Mark, RuleKey, Values, ValueType, Wiring
from gateway.outbound.webhook.notifier import WebhookNotifier, check_address
from gateway.outbound.webhook.signing import signing_keys

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


async def _examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> Examined:
    """Read the address and the key of signatures; nothing is sent, as a receiver cannot be asked without."""
    del wiring
    variable, (_, key) = destination.credential, destination.via.further_secrets
    if wrong := check_address(secrets[variable]):
        return Examined(Mark.BAD, f"{variable}: {wrong}")
    if key:
        try:
            signing_keys(secrets[key])
        except ValueError as error:
            return Examined(Mark.BAD, f"{key}: {error}")
    page_test = f"`gateway page-test {destination.name}` shows whether it works"
    return Examined(Mark.GOOD, f"{variable} holds an address; {page_test}")


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
    notifier=lambda wiring: WebhookNotifier(wiring.secret_of, proxy=wiring.proxy),
    examine=_examine,
)
