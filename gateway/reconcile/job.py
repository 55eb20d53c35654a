"""A job: one claim of one delivery, and the sender that reaches its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from gateway.decisions.delivery.compose import next_generation
from gateway.decisions.notification.desired import resumes
from gateway.decisions.notification.view import View
from gateway.model.cells import REFUSALS
from gateway.model.changes import Claim, Row
from gateway.model.credentialed import LOG
from gateway.model.incident import Incident
from gateway.model.ledger import Endpoint, Ledger, NotifiedState
from gateway.model.notification import Notification, Refused
from gateway.model.records import load_refusals
from gateway.model.refusals import Refusals
from gateway.model.rules.destination import Destination
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.ports import Notifier
from gateway.reconcile.context import Context
from gateway.state.versioned_snapshot import VersionedSnapshot

CREDENTIAL_CHANGED = Refused(
    "credential_changed", "the credential it was told through is gone or changed", permanent=True
)


@dataclass(frozen=True, slots=True)
class Sender:
    """How a target is reached, and with what credential."""

    notifier: Notifier
    endpoint: Endpoint
    secret: str


@dataclass(frozen=True, slots=True)
class CredentialReplaced:
    """Another routing key or address has replaced the one that the target was notified through. What is open
    there stays open.
    """


class VersionedRefusals(NamedTuple):
    """The destinations that refuse everything, and the version of their row."""

    refusals: Refusals
    version: bytes

    @classmethod
    def of(cls, row: Row) -> VersionedRefusals:
        return cls(load_refusals(row.value), row.version)


@dataclass(slots=True)
class Job:
    """One delivery under way: the claim, what was read for it, and what was planned from that."""

    context: Context
    claim: Claim
    versioned: VersionedSnapshot
    view: View
    incident: Incident
    stored: Ledger
    plainly: bool
    notification: Notification | None = None  # what is sent, where it is no incident that is told of

    def looks(self, sender: Sender | Refused) -> bool:
        """Return whether what went unanswered there is looked for before it is repeated.

        A destination that cannot be reached now is known by its kind: what it was sent
        before is still in doubt.
        """
        notifier = (
            sender.notifier if isinstance(sender, Sender) else self.context.notifiers.get(self.view.kind)
        )
        return notifier is not None and notifier.settles_by_looking

    @property
    def refusals(self) -> VersionedRefusals:
        """Return the destinations that refuse everything, as they were read with the incident."""
        return VersionedRefusals(self.versioned.refusals, self.versioned.versions[REFUSALS])


def sender_for(job: Job) -> Sender | Refused | CredentialReplaced:
    """Return the way of the last notification or, for a new message, the way that the rules name now."""
    told = _told_through(job)
    # An end or an edit has to reach the message that people see, so only a new message follows today's rules.
    # A page that calls people anew is no new message: its old key is resolved by the way that opened it.
    goes_on = resumes(job.stored.last_notified, job.view.desired, job.view.destination)
    creates_message = told is None or (next_generation(job.view) > job.stored.generation and not goes_on)
    endpoint = _named_now(job) if creates_message else told
    if isinstance(endpoint, Refused):
        return endpoint
    if endpoint is None:
        endpoint = told
    if endpoint is None:
        # A permanent refusal becomes a dead letter, which shows the operator what nobody was notified of.
        return Refused("no_destination", "no rule names this destination any more", permanent=True)
    if endpoint.kind == LOG:
        return Sender(job.context.notifiers[LOG], endpoint, "")
    secret = job.context.secrets.secret(endpoint.secret, endpoint.kind)
    if secret is None and _is_awaited(job, endpoint.secret):
        # Whoever was told waits for the end, or for news: it is tried again until the credential is back.
        return _no_credential(job, endpoint.secret, endpoint.kind)
    credential = _leading_there(job, endpoint, secret) if secret is not None else None
    if credential is None:
        # No part of the secret leads to the place any more, so that an end through it would close nothing.
        replacement = _named_now(job) if job.view.desired.state is NotifiedState.FIRING else None
        if isinstance(replacement, Refused):
            return replacement
        if replacement is None or replacement.kind == LOG:
            # An end is no reason for a first message to a new place.
            # The dead letter says that the old message stays.
            return CREDENTIAL_CHANGED
        if endpoint.keyed:
            # PagerDuty knows a dedup key only under its routing key,
            # so an edit through a new one is another page.
            return CredentialReplaced()
        endpoint, secret = replacement, job.context.secrets.secret(replacement.secret, replacement.kind)
        credential = _leading_there(job, endpoint, secret or "")
    return Sender(job.context.notifiers[endpoint.kind], endpoint, credential or "")


def _told_through(job: Job) -> Endpoint | None:
    """Return the endpoint of the last notification: what was sent stays where it is, and the proxy on the way
    there is that of today.
    """
    told, destination = job.stored.endpoint, job.view.destination
    if told is None or destination is None:
        return told
    return msgspec.structs.replace(told, proxy=str(destination.proxy))


def _is_awaited(job: Job, credential: str) -> bool:
    """Return whether a credential that is missing is expected to come back.

    It is where it is configured, as a file that is away for a moment, or where a destination of the rules
    names it.
    """
    destinations = job.context.policy.rules.destinations.values()
    return job.context.secrets.configured(credential) or any(
        credential in destination.credentials for destination in destinations
    )


def _no_credential(job: Job, credential: str, kind: str) -> Refused:
    """Return the refusal of a destination without its credential: it fails, and is tried again."""
    return Refused("no_credential", job.context.secrets.why_missing(credential, kind))


def _named_now(job: Job) -> Endpoint | Refused | None:
    """Return the way that the rules name now: a refusal where its credential is missing, None without one."""
    destination = job.view.destination
    if destination is None:
        return None
    found = {name: job.context.secrets.secret(name, destination.kind) for name in destination.credentials}
    missing = next((name for name, secret in found.items() if secret is None), None)
    if missing is not None:
        # The kind has, or had, a credential: somebody counts on being told, so the fallback has to tell them.
        if destination.kind in job.versioned.snapshot.credentialed:
            return _no_credential(job, missing, destination.kind)
        # Nobody has set this vendor up: the notification goes to the log, which names the variable to be set.
        return Endpoint(LOG, job.view.address, missing, "")
    newest = parts_of_secret(destination.kind, found[destination.credential] or "")[0]
    mark, key_name = _mark(job, destination.kind, newest), job.context.secrets.key_name
    return endpoint_of(destination, job.view.address, mark, key_name)


def parts_of_secret(kind: str, secret: str) -> tuple[str, ...]:
    """Return the credentials in a secret, the one that new notifications go by first."""
    return DESTINATION_KINDS[kind].parts_of_secret(secret)


def _leading_there(job: Job, endpoint: Endpoint, secret: str) -> str | None:
    """Return the part of the secret that leads to the place of the endpoint, None where none does."""
    parts = parts_of_secret(endpoint.kind, secret)
    if DESTINATION_KINDS[endpoint.kind].place_in_secret(parts[0]) is None:
        # The place does not hang on the credential: people are told there by whichever is set now.
        return parts[0]
    # The key of the marks is another since, so that nobody can say whether the credential changed. An end by
    # the one that the rules have is better than none.
    if endpoint.marked_by_other_than(job.context.secrets.key_name):
        return parts[0]
    return next((part for part in parts if _mark(job, endpoint.kind, part) == endpoint.secret_hash), None)


def _mark(job: Job, kind: str, credential: str) -> str:
    """Mark the part of a credential that says where it leads: another password for the same place changes
    nothing. A credential that says nothing of the place is marked whole, as earlier versions compare it.
    """
    place = DESTINATION_KINDS[kind].place_in_secret(credential)
    return job.context.secrets.mark(credential if place is None else place)


def endpoint_of(destination: Destination, address: str, mark: str, marked_by: str = "") -> Endpoint:
    """Return the way to a destination. `mark` is of the credential that it is notified through, made by the
    key of the name `marked_by`.
    """
    via = destination.via
    return Endpoint(
        destination.kind,
        address,
        destination.credential,
        mark,
        *via.further_secrets,
        str(via.base_url),
        str(destination.proxy),
        marked_by,
    )
