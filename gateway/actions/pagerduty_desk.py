"""Do here what people did in PagerDuty: take an incident, give it back, close it, open it again.

What PagerDuty said is done at PagerDuty already, so nothing is sent back there; everybody else hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.actions.incidents import IncidentActions
from gateway.actions.labels import LabelActions
from gateway.actions.pagerduty_incidents import PagerDutyIncidents
from gateway.actions.pagerduty_people import PagerDutyPeople, ids_of
from gateway.decisions.policy import Policy
from gateway.decisions.statistics.acts import RESOLVED_THERE
from gateway.decisions.statistics.noted_labels import label_in_note
from gateway.model.incident import Incident
from gateway.model.people import Actor, Press, Through
from gateway.model.vendor_notes import is_ours
from gateway.outbound.pagerduty.webhook import PagerDutyEvent

DONE_HERE = frozenset({"acknowledged", "unacknowledged", "resolved", "reopened"})
NOTED = frozenset({"triggered", "reassigned", "escalated", "delegated", "annotated", "priority_updated"})
KINDS = DONE_HERE | NOTED

BY_ITSELF = "PagerDuty"  # who acts where no person did: a time-out, a rule of the service


class Outcome(StrEnum):
    """The outcomes of an event; each is a metric's label."""

    DONE = "done"
    ECHO = "echo"  # our own integration did it: it is known here
    NOTED = "noted"  # it is on the timeline, and changes nothing
    NOTHING = "nothing"  # there is nothing here that it could change
    FOREIGN = "foreign"  # of no incident of ours
    REFUSED = "refused"  # by somebody who may not act


@dataclass(frozen=True, slots=True)
class PagerDutyDesk:
    """`policy` returns the one in force when it is called."""

    incidents: IncidentActions
    policy: Callable[[], Policy]
    people: PagerDutyPeople
    labels: LabelActions
    pages: PagerDutyIncidents

    async def hear(self, event: PagerDutyEvent) -> Outcome:
        """Do what the event says, or write it on the timeline. Raises `StateUnavailable`."""
        named = await self.pages.named(event)
        outcome = await self._hear(named) if named is not None else Outcome.FOREIGN
        if named is not None and named.there and outcome is not Outcome.FOREIGN:
            await self.pages.learn({named.there: named.dedup_key})
        return outcome

    async def _hear(self, event: PagerDutyEvent) -> Outcome:
        press = Press(
            event.id,
            event.generation,
            event.dedup_key,
            # Only what changes the incident has an order: a note must not make older news of it void.
            happened_at=event.happened_at if event.kind in DONE_HERE else None,
            places=event.service,
            whole_seconds=event.whole_seconds,
        )
        # A note may be a label, which is a person's word.
        acts = event.kind in DONE_HERE or event.kind == "annotated"
        person = await self.people.in_slack(event.person_id) if acts else None
        # Others read one name for one person, wherever they act.
        name = person.name if person is not None else event.person
        ids = ids_of(event.person_id, person)
        actor = Actor(name or BY_ITSELF, Through.PAGERDUTY, bool(event.person), press, ids)
        if event.kind in DONE_HERE and event.person and self.policy().rules.act.pagerduty == "listed":
            refusal = self.people.refusal(name, person)
            if refusal:
                return await self._refuse(event, actor, refusal)
        match event.kind:
            case "acknowledged" | "resolved" | "reopened" if not event.person:
                # Our own integration acts by no person, as does a service that
                # resolves by itself after hours. What fires goes on to fire here.
                return Outcome.ECHO
            case "acknowledged":
                return _outcome(await self.incidents.acknowledge(event.incident, actor))
            case "unacknowledged":
                # Also by a time-out: PagerDuty calls people again, so nobody has it.
                return _outcome(await self.incidents.unacknowledge(event.incident, actor))
            case "resolved":
                length = self.policy().rules.closed_by_hand
                closed = await self.incidents.close(event.incident, actor, "", length)
                if isinstance(closed, str):
                    # Nothing fires that could be closed here, and yet somebody has had work with it.
                    await self.incidents.note(event.incident, RESOLVED_THERE, actor)
                return _outcome(closed)
            case "reopened":
                return _outcome(await self.incidents.reopen(event.incident, actor))
        return await self._note(event, actor)

    async def _refuse(self, event: PagerDutyEvent, actor: Actor, why: str) -> Outcome:
        """Say that somebody acted who may not: the incident stays as it is."""
        said = f"{actor.name} has {event.kind} it in PagerDuty, which changes nothing here. {why}"
        done = await self.incidents.tell(event.incident, "pagerduty_refused", actor, said, kind=event.kind)
        return Outcome.REFUSED if isinstance(done, Incident) else _outcome(done)

    async def _note(self, event: PagerDutyEvent, actor: Actor) -> Outcome:
        """Write down who was called, and what was said, for those who look later."""
        if event.kind not in NOTED:
            return Outcome.NOTHING
        if is_ours(event.text):
            return Outcome.ECHO
        detail = {name: text for name, text in _details(event).items() if text}
        done = await self.incidents.note(event.incident, f"pagerduty_{event.kind}", actor, **detail)
        if event.kind == "annotated" and isinstance(done, Incident) and actor.human:
            await self._label(event, actor)
        return Outcome.NOTED if isinstance(done, Incident) else _outcome(done)

    async def _label(self, event: PagerDutyEvent, actor: Actor) -> None:
        """Give the label that a person has written into a note; what paged nobody is not labelled."""
        found = label_in_note(event.text, self.policy().rules.precision.note_prefix)
        if found is not None:
            await self.labels.give(event.incident, (), found.value, found.reason, actor)


def _details(event: PagerDutyEvent) -> Mapping[str, str]:
    return {"people": ", ".join(event.people), "text": event.text}


def _outcome(done: Incident | str | None) -> Outcome:
    match done:
        case None:
            return Outcome.FOREIGN
        case str():
            return Outcome.NOTHING
    return Outcome.DONE
