"""The plainer forms of a Slack message, and which of them a refusal asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from gateway.model.ledger import MessageRef, Note, NotifiedState
from gateway.model.notification import Notification, Refused
from gateway.outbound.plainer import Omission, Omitted, first_of, runbook_at_last, runbook_of, without_links
from gateway.outbound.slack.attempts import metadata_of
from gateway.outbound.slack.blocks import Rendered, render, render_notes, render_plainly
from gateway.outbound.slack.text import plain_text, running, section, unstyled
from gateway.outbound.slack.threads import AS_WRITTEN, QUIET
from gateway.outbound.wording import shorten, tame

MAX_RUNBOOK, MAX_LINE = 500, 600
# "A workspace preference prevents the authenticated user from posting": it is the answer to @here and
# @channel where admins keep these from bots, and to every message where they keep the channel from them.
MENTION_FORBIDDEN = frozenset({"restricted_action"})
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
NO_THREADS = frozenset(
    {"restricted_action_non_threadable_channel", "restricted_action_thread_locked", "cannot_reply_to_message"}
)


def render_without(notification: Notification, omitted: Omitted) -> Rendered:
    """Render a message without these parts."""
    if Omission.MENTION in omitted:
        said = f"Slack does not let us call {', '.join(notification.mentions)} here"
        reason = f"{notification.reason}; {said}" if notification.reason else said
        notification = msgspec.structs.replace(notification, mentions=(), reason=reason)
    runbook = runbook_of(notification) if Omission.RUNBOOK not in omitted else ""
    shown = f"Runbook: {shorten(tame(runbook), MAX_RUNBOOK)}" if runbook else ""
    if not omitted & {Omission.BLOCKS, Omission.DETAILS}:
        if Omission.LINKS not in omitted:
            return render(notification)
        rendered = render(without_links(notification))
        return replace(rendered, blocks=(*rendered.blocks, section(plain_text(shown)))) if shown else rendered
    if Omission.DETAILS in omitted:
        notification = msgspec.structs.replace(notification, said=(), lines=(), place={}, where={})
    text = render_plainly(notification).text
    incident = f"incident {notification.incident}"
    more = [running(line, MAX_LINE) for line in (shown, incident, notification.reason) if line]
    return Rendered(unstyled("\n".join((text, *more))))


def next_omission(refused: Refused, omitted: Omitted, notification: Notification) -> Omission | None:
    """Return the part of a message that is left out next."""
    calls = bool(notification.mentions) and notification.page and notification.state is NotifiedState.FIRING
    mention = (Omission.MENTION,) if calls else ()
    if refused.detail in MENTION_FORBIDDEN:
        return first_of(omitted, *mention)
    if refused.reason != "invalid":
        return None
    # Whoever is to be called is left out last: a message that calls nobody is read in the morning.
    last = (*runbook_at_last(notification), *mention)
    return first_of(omitted, Omission.LINKS, Omission.BLOCKS, Omission.DETAILS, *last)


def notes_without(notes: tuple[Note, ...], omitted: Omitted) -> tuple[Note, ...]:
    """Return the notes that are said: outside the thread those that interrupt, since the message itself,
    which is edited, says the rest.
    """
    if Omission.THREAD not in omitted:
        return notes
    return tuple(note for note in notes if note.broadcast or note.mention)


def render_notes_without(notes: tuple[Note, ...], mentions: tuple[str, ...], omitted: Omitted) -> Rendered:
    """Render a reply without these parts."""
    called = () if Omission.MENTION in omitted else mentions
    rendered = render_notes(notes_without(notes, omitted), called)
    return Rendered(unstyled(rendered.text)) if Omission.BLOCKS in omitted else rendered


def reply_body(
    root: MessageRef, notes: tuple[Note, ...], mentions: tuple[str, ...], attempt: str, omitted: Omitted
) -> dict[str, Any]:
    """Return the arguments of a reply to `root` or, without its thread, of a message of its own."""
    rendered = render_notes_without(notes, mentions, omitted)
    said = {"channel": root.channel, "text": rendered.text, "blocks": list(rendered.blocks)}
    sent = {**said, "metadata": metadata_of(attempt, "reply"), **AS_WRITTEN, **QUIET}
    if Omission.THREAD in omitted:
        return sent
    return {**sent, "thread_ts": root.id, "reply_broadcast": any(note.broadcast for note in notes)}


def next_reply_omission(
    refused: Refused, omitted: Omitted, notes: tuple[Note, ...], mentions: tuple[str, ...]
) -> Omission | None:
    """Return the part of a reply that is left out next."""
    if refused.detail in MENTION_FORBIDDEN and mentions and any(note.mention for note in notes):
        return first_of(omitted, Omission.MENTION)
    if refused.detail in NO_THREADS and notes_without(notes, frozenset({Omission.THREAD})):
        return first_of(omitted, Omission.THREAD)
    return first_of(omitted, Omission.BLOCKS) if refused.reason == "invalid" else None
