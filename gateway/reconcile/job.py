"""A job: one claim of one delivery, and the outlet through which its target is reached."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.decisions.delivery.compose import next_generation
from gateway.decisions.notification.view import View
from gateway.model.changes import Claim
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger, Through, Told
from gateway.model.rules.destination import Destination, Webhook
from gateway.model.telling import Refused
from gateway.ports import Notifier
from gateway.reconcile.context import Context
from gateway.state.snapshots import Reading

CREDENTIAL_CHANGED = Refused("credential_changed", "the credential it was told through is gone or changed", permanent=True)


@dataclass(frozen=True, slots=True)
class Outlet:
    """How a target is reached, and with what credential."""

    notifier: Notifier
    through: Through
    secret: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Another routing key or address has taken the place of the one that it was told through: what is open there stays so."""


@dataclass(slots=True)
class Job:
    """One claim of one delivery."""

    context: Context
    claim: Claim
    reading: Reading
    view: View
    incident: Incident
    stored: Ledger
    plainly: bool


def outlet_of(job: Job) -> Outlet | Refused | Lost:
    """Through what it was told, or, for something new, through what the rules say now."""
    told = job.stored.through
    fresh = next_generation(job.view) > job.stored.generation or told is None
    through = _named_now(job) if fresh else told
    if through is None:
        through = told
    if through is None:
        return Refused("no_destination", "no rule names this destination any more", permanent=True)
    if through.kind == "log":
        return Outlet(job.context.notifiers["log"], through, "")
    secret = job.context.vault.secret(through.secret)
    if secret is None or job.context.vault.mark(secret) != through.secret_hash:
        replacement = _named_now(job) if job.view.want.state is Told.FIRING else None
        if replacement is None or replacement.kind == "log":
            return CREDENTIAL_CHANGED
        if through.keyed:
            return Lost()
        through, secret = replacement, job.context.vault.secret(replacement.secret)
    return Outlet(job.context.notifiers[through.kind], through, secret or "")


def _named_now(job: Job) -> Through | None:
    destination = job.view.destination
    if destination is None:
        return None
    found = {name: job.context.vault.secret(name) for name in destination.credentials}
    missing = next((name for name, secret in found.items() if secret is None), None)
    if missing is not None:
        return Through("log", job.view.address, missing, "")
    return through_of(destination, job.view.address, job.context.vault.mark(found[destination.credential] or ""))


def through_of(destination: Destination, address: str, mark: str) -> Through:
    """`mark` is of the secret that `destination.credential` names."""
    via = destination.via
    further = (via.token, via.secret) if isinstance(via, Webhook) else ()
    names = (one.env if one is not None else "" for one in further)
    return Through(destination.kind, address, destination.credential, mark, *names)
