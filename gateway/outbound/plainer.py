"""Ever plainer notifications: what a vendor refuses for one part is sent again without that part.

No label, however strange, and no mention that admins forbid may keep people from being told. Each vendor says
which part is left out next, until the notification is taken or nothing is left that could be at fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from gateway.model.notification import AlertLine, Answer, LeftOut, Notification, Refused, Unanswered

FORMS_GRACE = 0.5  # seconds that all forms of a notification together may take longer than one


class Omission(StrEnum):
    """A part that a notification can do without. Every form keeps the incident's id; the runbook and the
    alert's name stay until nothing else is left to be at fault.
    """

    MENTION = "mention"  # the people who are called by name
    THREAD = "thread"  # what was to be a reply stands in the channel itself
    LINKS = "links"
    BLOCKS = "blocks"  # the layout: what is left is text
    DETAILS = "details"  # what is left is the title
    TITLE = "title"  # what is left of it is the alert's name
    RUNBOOK = "runbook"
    NAME = "name"  # of the alert: a page that names only its incident is better than none


Omitted = frozenset[Omission]


async def send_plainer(
    send: Callable[[Omitted], Awaitable[Answer]], next_omission: Callable[[Refused, Omitted], Omission | None]
) -> Answer:
    """Send a notification, plainer each time it is refused. The answer lists what was left out, and why.

    `next_omission` returns the part to leave out next, None where the refusal is not about a part.
    """
    left_out: tuple[LeftOut, ...] = ()
    while True:
        omitted = frozenset(Omission(step.part) for step in left_out)
        answer = await send(omitted)
        part = next_omission(answer, omitted) if isinstance(answer, Refused) else None
        if part is None or not isinstance(answer, Refused):
            return msgspec.structs.replace(answer, left_out=left_out) if left_out else answer
        left_out += (LeftOut(part.value, answer.detail or answer.reason),)


async def send_plainer_in_time(
    seconds: float,
    send: Callable[[Omitted], Awaitable[Answer]],
    next_omission: Callable[[Refused, Omitted], Omission | None],
) -> Answer:
    """Send it so within the time of one form. Nobody knows what became of a form that was cut off."""
    try:
        async with asyncio.timeout(seconds + FORMS_GRACE):
            return await send_plainer(send, next_omission)
    except TimeoutError:
        return Unanswered("timeout")


def first_of(omitted: Omitted, *parts: Omission) -> Omission | None:
    """Return the first of these parts that is not left out yet."""
    return next((part for part in parts if part not in omitted), None)


def without_links(notification: Notification) -> Notification:
    """Return the notification without any address; the runbook is said as text beside it."""
    lines = tuple(msgspec.structs.replace(_unlinked(line), runbook="") for line in notification.lines)
    return msgspec.structs.replace(notification, link="", lines=lines)


def state_without(notification: Notification, omitted: Omitted) -> Notification:
    """Return the state without these parts, for receivers and mails: alerts keep their name and runbook."""
    if not omitted:
        return notification
    lines = tuple(_bare(line, omitted) for line in notification.lines)
    bare = msgspec.structs.replace(notification, link="", lines=lines)
    return msgspec.structs.replace(bare, where={}, said=()) if Omission.DETAILS in omitted else bare


def next_state_omission(refused: Refused, omitted: Omitted, notification: Notification) -> Omission | None:
    """Return the part of such a state that is left out next."""
    if refused.reason != "invalid":
        return None
    return first_of(omitted, Omission.LINKS, Omission.DETAILS, *runbook_at_last(notification))


def _bare(line: AlertLine, omitted: Omitted) -> AlertLine:
    bare = msgspec.structs.replace(_unlinked(line), annotations={})
    if Omission.RUNBOOK in omitted:
        bare = msgspec.structs.replace(bare, runbook="")
    if Omission.DETAILS not in omitted:
        return bare
    return msgspec.structs.replace(bare, labels={}, summary="", description="")


def _unlinked(line: AlertLine) -> AlertLine:
    """Return the line without any address but its runbook's."""
    return msgspec.structs.replace(line, dashboard="", panel="", image="", source="", silence="")


def runbook_at_last(notification: Notification) -> tuple[Omission, ...]:
    """Return the runbook as a part to be left out, where there is one."""
    return (Omission.RUNBOOK,) if runbook_of(notification) else ()


def runbook_of(notification: Notification) -> str:
    return next((line.runbook for line in notification.lines if line.runbook), "")
