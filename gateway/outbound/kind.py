"""Each vendor's folder provides one `DestinationKind`, which `registry.py` names.

Everything outside the folder (rule files, delivery, `gateway doctor`, `gateway page-test`) knows the vendor
by this value and by its `Integration` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Any, Protocol, cast

from gateway.model.lanes import Pace
from gateway.model.ledger import Endpoint
from gateway.model.notification import Notification, Refused, Unanswered
from gateway.model.rules.destination import Destination, Integration
from gateway.outbound.network import REMEDIES as NETWORK_REMEDIES
from gateway.outbound.network import Network, Way
from gateway.ports import Notifier


class ClosableNotifier(Notifier, Protocol):
    """A notifier that keeps connections, which `aclose` gives back."""

    async def aclose(self) -> None: ...


_BY_HAND = "what people were told there stays open: end it by hand"
REMEDIES = NETWORK_REMEDIES | {
    "invalid": (
        "what it says was refused, not the destination: news of it goes out by itself, and"
        " `gateway dead-letters --retry` tries the same again"
    ),
    "removed": "find the bot, the rule or the person that removes it, or name another channel",
    "credential_changed": f"{_BY_HAND}, or give the gateway the earlier credential again",
    "no_destination": f"{_BY_HAND}, or name the destination in the rules again",
}
"""What to do about a refusal, by its reason, whatever the kind of destination."""

EXAMINE_SECONDS = 5.0  # in which whoever is examined for doctor has to answer

# Without a user, a password or a query: what is secret in an address stands in a variable.
ADDRESS = r"https?://[^/\s@?#]+(/[^\s?#]*)?"
ADDRESS_EXPECTED = (
    "an address such as https://relay.example.org, or {env: NAME} where a part of it is secret,"
)


class ValueType(StrEnum):
    """How the value of a rule's key is written."""

    SECRET = "secret"  # noqa: S105 - `{env: NAME}`, read as a `SecretName`
    TEXT = "text"
    TEXTS = "texts"  # a list, read as a tuple
    ADDRESS = "address"  # of http(s), or `{env: NAME}`


@dataclass(frozen=True, slots=True)
class RuleKey:
    """One key that a rule may give under its kind of destination.

    `missing` says what is needed where a required key is left out; it is empty for keys that may be. Each
    text has to match `pattern` (empty: any text will do), which `expected` puts into words. `description` is
    shown by editors.
    """

    type: ValueType
    missing: str = ""
    pattern: str = ""
    expected: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The vendor's address and the way to the outside: what notifiers are built from.

    `answered` returns whether the gateway hears what people press at the vendor.
    """

    address: str
    network: Network
    answered: Callable[[], bool] = bool

    def way(self, destination: Destination) -> Way | Refused:
        """Return the way to a destination as its rule is now."""
        via = destination.via
        endpoint = Endpoint(
            destination.kind, via.address, "", "", url=str(via.base_url), proxy=str(destination.proxy)
        )
        return self.network.way(endpoint, self.address)


class WiringModule(Protocol):
    """The module of a vendor's folder that imports the vendor's client.

    It is imported when something is sent or examined, and not by those who only read rules: clients are slow
    to import.
    """

    def make_notifier(self, wiring: Wiring) -> ClosableNotifier: ...

    def render(self, notification: Notification) -> object: ...

    async def examine(
        self, destination: Destination, secrets: Mapping[str, str], wiring: Wiring
    ) -> DestinationCheck: ...


class Mark(StrEnum):
    """How serious a finding of `gateway doctor` is."""

    GOOD = "ok"
    WORRY = "warn"
    BAD = "FAIL"


@dataclass(frozen=True, slots=True)
class DestinationCheck:
    """The finding of `gateway doctor` on one destination."""

    mark: Mark
    said: str


Values = Mapping[str, Any]


def _no_problems(values: Values) -> Iterable[tuple[str, str]]:
    del values
    return ()


def _whole_secret(secret: str) -> str | None:
    return secret


def _unmarked(notification: Notification) -> str:
    del notification
    return ""


def _one_part(secret: str) -> tuple[str, ...]:
    return (secret,)


@dataclass(frozen=True, slots=True)
class DestinationKind:
    """One kind of destination, from its rule to its notifier.

    `make` builds the integration from the values of the keys that a rule gives; `problems` yields the key and
    the sentence of everything that the keys alone cannot say, `doubts` of what only doctor can find out.
    `wiring_module` names the module that sends and examines. `address_setting` is the variable of the
    vendor's address, where it has one, and `remedies` says what to do about a refusal, by
    its detail or its reason.

    `shared_credentials` names the secrets of the kind itself: one that is set says that this vendor is used
    here, whatever the destinations name. Its destinations have `granted_credentials` without any rule's word.

    `content_mark` returns a mark of what would be sent, where an update that says the same is not sent again.

    `answer_secrets` names the secrets any of which lets the gateway hear what people press there.

    `parts_of_secret` returns what the first credential is made of while it rotates, the newest part first:
    each part is a credential by itself. `place_in_secret` returns what such a part says of the place that it
    leads to, None where it says nothing. What people were notified of through one part is brought up to date
    and ended through a part of the same place; where there is none, it cannot be ended.
    """

    integration: type[Integration]
    keys: Mapping[str, RuleKey]
    make: Callable[[Values], Integration]
    pace: Pace
    wiring_module: str
    problems: Callable[[Values], Iterable[tuple[str, str]]] = _no_problems
    doubts: Callable[[Values], Iterable[tuple[str, str]]] = _no_problems
    address_setting: str = ""
    remedies: dict[str, str] = field(default_factory=dict)
    parts_of_secret: Callable[[str], tuple[str, ...]] = _one_part
    place_in_secret: Callable[[str], str | None] = _whole_secret
    shared_credentials: tuple[str, ...] = ()
    granted_credentials: tuple[str, ...] = ()
    content_mark: Callable[[Notification], str] = _unmarked
    answer_secrets: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.integration.kind

    def notifier(self, wiring: Wiring) -> ClosableNotifier:
        """Build what sends there."""
        return self._wiring.make_notifier(wiring)

    def render(self, notification: Notification) -> object:
        """Return what would be sent, in the vendor's form; nothing is."""
        return self._wiring.render(notification)

    async def examine(
        self, destination: Destination, secrets: Mapping[str, str], wiring: Wiring
    ) -> DestinationCheck:
        """Look at one destination for `gateway doctor`, with the secrets that `credentials` names.

        Nothing is sent to people.
        """
        return await self._wiring.examine(destination, secrets, wiring)

    @property
    def _wiring(self) -> WiringModule:
        return cast("WiringModule", import_module(self.wiring_module))

    def trouble(self, answer: Refused | Unanswered, credential: str) -> str:
        """Say what the vendor answered and what to do about it. `credential` is the variable that holds the
        secret.
        """
        # A code goes on from the reason; a sentence begins anew.
        between = ": " if " " in answer.detail else " "
        remedy = self.remedy(answer, credential)
        return f"{answer.reason}{between}{answer.detail}".strip() + f"; {remedy}"

    def remedy(self, answer: Refused | Unanswered, credential: str) -> str:
        """Say what to do about an answer of the vendor's."""
        remedy = f"is {self.address_setting or credential} right, and can it be reached from here?"
        known = self.remedies.get(answer.detail) or (REMEDIES | self.remedies).get(answer.reason)
        if isinstance(answer, Refused) and answer.reason == "rate_limited":
            remedy = "try again later"
        elif isinstance(answer, Refused) and known:
            remedy = known
        elif isinstance(answer, Refused) and answer.permanent:
            remedy = f"is {credential} right?"
        return remedy
