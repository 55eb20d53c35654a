"""The bodies that a receiver of webhooks is sent, and their JSON Schema.

The frame is that of Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

VERSION: Literal["1"] = "1"

Word = Literal["none", "info", "warning", "error", "critical"]
Key = Annotated[str, Meta(description="incident and generation: one life of it as this receiver was told it")]


class SentAlert(msgspec.Struct, frozen=True):
    """One alert of the incident. `ended_at` is null while it fires; redacted values are shown as a hash."""

    name: str
    severity: Word
    firing: bool
    moved: Annotated[bool, Meta(description="it fires on, and is told elsewhere now, or nowhere")]
    labels: dict[str, str]
    annotations: dict[str, str]
    summary: str
    description: Annotated[str, Meta(description="what the alert says beside its summary")]
    thing: Annotated[str, Meta(description="what is broken: namespace and pod, or what else the labels name")]
    sent_severity: Annotated[
        str, Meta(description="the label of the severity where it is read as another word, else empty")
    ]
    ended_because: Annotated[
        str, Meta(description="why it ended without a recovery (its rule was paused), else empty")
    ]
    started_at: datetime
    ended_at: datetime | None
    times: Annotated[int, Meta(description="how often it fired in this incident")]
    suppressed: Annotated[
        str, Meta(description="why news of it is kept away since it was told, empty for nothing")
    ]
    links: Annotated[
        dict[str, str],
        Meta(description="runbook, dashboard, panel, image, source, silence: those that are http(s)"),
    ]


class SentIncident(msgspec.Struct, frozen=True):
    """The incident as it is to be believed now: it takes the place of everything that was sent of it before."""

    incident: str
    key: Key
    target: Annotated[str, Meta(description="the destination's name in the rules")]
    generation: Annotated[int, Meta(description="grows with each firing after an end or a close by hand")]
    revision: int
    state: Annotated[
        Literal["firing", "closed", "ended", "moved"],
        Meta(description="moved: told elsewhere now, or nowhere"),
    ]
    severity: Word
    page: Annotated[bool, Meta(description="the rules say that it interrupts a person")]
    title: str
    thing: Annotated[str, Meta(description="what its first alert is about")]
    where: Annotated[dict[str, str], Meta(description="the labels that all its alerts share")]
    alerts: Annotated[
        list[SentAlert],
        Meta(
            description="firing ones first, then those that moved and that ended, the most severe and "
            "oldest first"
        ),
    ]
    alerts_left_out: Annotated[int, Meta(description="how many did not fit")]
    alerts_not_sent: Annotated[
        int, Meta(description="how many more alerts of its groups Alertmanager left out (max_alerts)")
    ]
    firing: int
    ended: int
    moved: int
    started_at: datetime
    ended_at: datetime | None
    quiet_until: Annotated[datetime | None, Meta(description="nothing fires, and its end is told then")]
    acknowledged_by: str
    acknowledged_at: datetime | None
    closed_by: Annotated[str, Meta(description="who closed it by hand, or where it moved")]
    suppressed: Annotated[
        str, Meta(description="what keeps news of it away from people, though they were told before")
    ]
    suppressed_until: datetime | None
    owner: str
    rule: Annotated[str, Meta(description="the route that sends it: name (file:line)")]
    reason: str
    previous: Annotated[str, Meta(description="the incident that this one goes on from")]
    url: Annotated[str, Meta(description="the incident at the gateway, where it has a public address")]
    ended_because: Annotated[
        str, Meta(description="why it ended where nothing of it recovered (its rule was paused), else empty")
    ]
    firing_elsewhere: Annotated[
        int, Meta(description="how many more fire in incidents that continue this one, which is full")
    ]
    suppressed_before: Annotated[
        str,
        Meta(description="what kept it from people until now, where it is told only now; empty for nothing"),
    ]
    escalation: Annotated[
        str,
        Meta(
            description="which step of an escalation tells it here, and why; empty where its route itself does"
        ),
    ]


class SentNote(msgspec.Struct, frozen=True):
    """One transition in words. `at` and `text` together are the same wherever it is sent again."""

    text: str
    at: datetime
    important: Annotated[bool, Meta(description="in Slack the whole channel would see it")]
    line: Annotated[
        str, Meta(description="a note takes the place of the one before with the same line; empty for none")
    ]


class SentNotes(msgspec.Struct, frozen=True):
    """What has happened since the notes before."""

    incident: str
    key: Key
    notes: list[SentNote]


class IncidentBody(msgspec.Struct, frozen=True):
    """The newest state. Of two about the same key, the one with the later timestamp counts."""

    version: Literal["1"]
    type: Literal["incident.firing", "incident.closed", "incident.ended", "incident.moved"]
    timestamp: datetime
    data: SentIncident


class NotesBody(msgspec.Struct, frozen=True):
    """What people read in a thread."""

    version: Literal["1"]
    type: Literal["incident.notes"]
    timestamp: datetime
    data: SentNotes


class SentEntry(msgspec.Struct, frozen=True):
    """One entry of the audit trail. `id` is the same wherever it is sent again."""

    id: str
    at: datetime
    what: Annotated[str, Meta(description="what was decided or done")]
    incident: Annotated[str, Meta(description="empty where it is about none")]
    detail: dict[str, str | int]


class SentEntries(msgspec.Struct, frozen=True):
    """What follows on the batch before, in the order in which it was written, by shard of the store."""

    destination: str
    shard: int
    entries: list[SentEntry]
    lost: Annotated[
        int, Meta(description="how many before these were cut off the log before they could be sent")
    ]


class EntriesBody(msgspec.Struct, frozen=True):
    """Part of the audit trail."""

    version: Literal["1"]
    type: Literal["log.entries"]
    timestamp: datetime
    data: SentEntries


BODIES = (IncidentBody, NotesBody, EntriesBody)


def body_schema() -> dict[str, Any]:
    """Return the JSON schema of everything that is sent, by its `type`."""
    kinds, parts = msgspec.json.schema_components(BODIES, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What the alert gateway sends to webhooks, version {VERSION}",
        "oneOf": list(kinds),
        "$defs": parts,
    }
