"""A destination of the rules, and what every kind of destination says of itself.

The kinds (a Slack channel, a PagerDuty service, …) stand in their own folders under `gateway/outbound/`.
Decisions and rule files know them by the facts of `Integration` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from gateway.model.durations import MINUTE
from gateway.model.rules.origin import Origin, SecretName

NO_PROXY = "none"  # in place of a proxy: this destination is reached without one


class Interrupts(StrEnum):
    """Whether a notification calls a person, and so whether routes name it in `notify`, `page` or both."""

    ALWAYS = "always"  # it belongs into `page` alone
    WHEN_PAGED = "when_paged"  # `notify` shows it, `page` calls somebody too
    NEVER = "never"  # `page` refuses it: nobody would be woken


@dataclass(frozen=True, slots=True)
class UpdateLimit:
    """How often readers may be brought up to date where what was sent cannot be edited, so that each update
    is a new message.

    An update waits for `interval` (ms) after the notification before it, and there are at most `most` of one
    incident.
    """

    interval: int
    most: int


@dataclass(frozen=True, slots=True)
class Integration(ABC):
    """One destination as its rule describes it; each kind of destination has a subclass of its own.

    `kind` is the key in rule files, the `kind` of stored endpoints and the name in the registry. `label`
    names the kind in sentences.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    interrupts: ClassVar[Interrupts] = Interrupts.WHEN_PAGED
    shows_quiet: ClassVar[bool] = True  # "nothing fires, the end is not notified yet" can be shown
    edits_in_place: ClassVar[bool] = (
        False  # an update changes what readers have before them, and calls nobody
    )
    acknowledges: ClassVar[bool] = False  # a page there can be acknowledged, so that it calls nobody further
    takes_audit: ClassVar[bool] = False  # the audit trail may be sent there
    shows_digest: ClassVar[bool] = False  # the weekly digest of a team may be sent there
    takes_proxy: ClassVar[bool] = True  # a proxy may stand on the way there
    # None: there may be as many updates as there are changes
    update_limit: ClassVar[UpdateLimit | None] = None

    @property
    @abstractmethod
    def credentials(self) -> tuple[str, ...]:
        """The names of all secrets that it needs; another first one makes it another place."""

    @property
    def address(self) -> str:
        """Name the place; empty where people know it by the destination's own name alone."""
        return ""

    @property
    def base_url(self) -> SecretName | str:
        """The vendor's address for this destination alone; empty where the setting of the vendor counts."""
        return ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that a template may give; empty where there is no template."""
        return ()

    @property
    def template(self) -> str:
        """The address with `{label}`s to be filled in from an alert; empty where it has none."""
        return ""

    @property
    def allowed_values(self) -> frozenset[str]:
        """The values that may stand in `template`."""
        return frozenset()

    def allowed_value(self, value: str) -> str | None:
        """Return an allowed value as the rules write it, None for one that is not allowed.

        Blanks around it and capital letters make no difference: `Payments ` means the channel of `payments`.
        """
        if value in self.allowed_values:
            return value
        meant = value.strip().casefold()
        return next((known for known in sorted(self.allowed_values) if known.casefold() == meant), None)

    @property
    def mentions(self) -> tuple[str, ...]:
        """Return the people who are called by name where it pages."""
        return ()

    @property
    def calls_when_paged(self) -> bool:
        """Return whether a page there calls somebody."""
        return self.interrupts is not Interrupts.NEVER

    @property
    def place(self) -> object:
        """Two destinations of one kind with the same place lead to the same readers."""
        return self.credentials[0]

    @property
    def rate_limit_place(self) -> str:
        """Return what the vendor counts calls by, beside the credential."""
        return ""

    @property
    def further_secrets(self) -> tuple[str, str]:
        """The names for `Endpoint.token` and `Endpoint.key`."""
        return "", ""


@dataclass(frozen=True, slots=True)
class Destination:
    name: str
    origin: Origin
    via: Integration
    fallback: tuple[str, ...] = ()
    fallback_after: int = 2 * MINUTE
    proxy: SecretName | str = ""  # `none`, or the variable of a proxy for this destination alone

    @property
    def kind(self) -> str:
        return self.via.kind

    @property
    def credential(self) -> str:
        """The name of the secret by which it is the place that it is."""
        return self.via.credentials[0]

    @property
    def credentials(self) -> tuple[str, ...]:
        """The names of all secrets that it needs, `credential` first."""
        own_proxy = (self.proxy.env,) if isinstance(self.proxy, SecretName) else ()
        return (*self.via.credentials, *own_proxy)

    @property
    def address(self) -> str:
        """Name the place; a template's labels are still to be filled in."""
        return self.via.address or self.name
