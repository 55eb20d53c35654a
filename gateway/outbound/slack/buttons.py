"""The buttons of a Slack message: as few as help at that moment.

https://docs.slack.dev/reference/block-kit/blocks/actions-block
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

from gateway.model.interactions import Button
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.model.statistics.events import NoiseReason
from gateway.model.verdict import Reason
from gateway.outbound.slack.blocks import Rendered

BLOCK_ID = "acts"
SEPARATOR = "|"  # an incident's id has none
UNTIL_RESOLVED, CUSTOM = "until_resolved", "custom"
SILENCES = {"1h": "1 hour", "4h": "4 hours", UNTIL_RESOLVED: "until resolved", CUSTOM: "custom…"}
NOISE_REASONS: tuple[str, ...] = get_args(NoiseReason)
SNOOZES = {"15m": "15 minutes", "1h": "1 hour", "4h": "4 hours"}
CHOICES: dict[Button, frozenset[str]] = {
    Button.SILENCE: frozenset(SILENCES),
    Button.SNOOZE: frozenset(SNOOZES),
    Button.NOISE: frozenset(NOISE_REASONS),
}
"""What the menus offer; whatever else comes is none of ours."""

Block = dict[str, Any]


def with_buttons(rendered: Rendered, notification: Notification) -> Rendered:
    """Return the message with its buttons above the footer; a message without blocks has none."""
    elements = [] if notification.report else [*_elements(notification)]
    if not rendered.blocks or not elements:
        return rendered
    block = {"type": "actions", "block_id": BLOCK_ID, "elements": elements}
    return replace(rendered, blocks=(*rendered.blocks[:-1], block, rendered.blocks[-1]))


def value_of(notification: Notification, choice: str = "") -> str:
    """Return what Slack sends back: of which incident and generation it was pressed, and what was chosen."""
    return SEPARATOR.join((notification.incident, str(notification.generation), choice))


def _elements(notification: Notification) -> Iterator[Block]:
    if notification.state is NotifiedState.FIRING and not notification.quiet_until:
        yield from _acts(notification)
    # Whoever was called says whether that was worth it, while it goes on and afterwards.
    if notification.pages or notification.page:
        yield _button(notification, Button.ACTIONABLE, "👍 Actionable")
        yield _menu(notification, Button.NOISE, "👎 Noise…", {reason: reason for reason in NOISE_REASONS})


def _acts(notification: Notification) -> Iterator[Block]:
    """Yield what can be done about what fires."""
    reason = notification.quieted.reason if notification.quieted is not None else ""
    # Whoever keeps it quiet may end that from here; to take it or to close it, too, is no hurry.
    if notification.all_quiet and reason == Reason.SNOOZED:
        yield _button(notification, Button.UNSNOOZE, "End the snooze", "primary")
    elif notification.all_quiet and reason == Reason.SILENCED:
        yield _button(notification, Button.END_SILENCE, "End the silence", "primary")
    elif not notification.acknowledged_by:
        yield _button(notification, Button.ACKNOWLEDGE, "👀 Acknowledge", "primary")
        yield _menu(notification, Button.SNOOZE, "Snooze…", SNOOZES)
    else:
        yield _button(notification, Button.UNACKNOWLEDGE, "Give it back")
    if not notification.all_quiet:
        yield _menu(notification, Button.SILENCE, "Silence…", SILENCES)
        yield _button(notification, Button.RESOLVE, "Resolve") | {"confirm": _CONFIRM_RESOLVE}
    yield _button(notification, Button.WHY, "Why?")


# It still fires: a thumb that slips must not hide it from everybody.
_CONFIRM_RESOLVE = {
    "title": {"type": "plain_text", "text": "Close it while it fires?"},
    "text": {
        "type": "plain_text",
        "text": "Nobody is called of it any more, unless it gets worse. What still fires when the time of the"
        " close is over is told again.",
    },
    "confirm": {"type": "plain_text", "text": "Close it"},
    "deny": {"type": "plain_text", "text": "Leave it open"},
}


def _button(notification: Notification, button: Button, label: str, style: str = "") -> Block:
    shown: Block = {
        "type": "button",
        "action_id": button.value,
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "value": value_of(notification),
    }
    return shown | {"style": style} if style else shown


def _menu(notification: Notification, button: Button, label: str, choices: dict[str, str]) -> Block:
    return {
        "type": "static_select",
        "action_id": button.value,
        "placeholder": {"type": "plain_text", "text": label},
        "options": [
            {"text": {"type": "plain_text", "text": words}, "value": value_of(notification, choice)}
            for choice, words in choices.items()
        ],
    }
