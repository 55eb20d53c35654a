"""The page of the local Slack: channels on the left, the chosen one's messages on the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.sandbox.slack.app import App, Ephemeral
from gateway.sandbox.slack.block_html import body_of, said
from gateway.sandbox.slack.modal_html import modal_html
from gateway.sandbox.slack.workspace import Channel, Message, Workspace

JsonObject = dict[str, object]
MESSAGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """A channel in the list."""

    id: str
    name: str
    count: int
    chosen: bool


def page_of(app: App, query: Mapping[str, str], now: datetime) -> JsonObject:
    """Return what the person `as` sees of the chosen channel, what is shown to them alone included."""
    workspace = app.workspace
    channel, viewer = _chosen(workspace, query.get("channel", "")), viewer_of(workspace, query)
    shown = [*channel.timeline()][:MESSAGES_SHOWN][::-1] if channel else []
    tabs = [
        Tab(other.id, other.name, _count(other), other is channel) for other in workspace.channels.values()
    ]
    modal = app.modal_of(viewer)
    return {
        "tabs": tabs,
        "channel": channel,
        "people": workspace.people,
        "viewer": viewer,
        "items": _in_order(app, channel, viewer, shown),
        "earlier": _count(channel) - len(shown) if channel else 0,
        "modal": modal,
        "modal_html": modal_html(modal) if modal else "",
        "now": now,
        "body_of": body_of,
        "said": said,
    }


def viewer_of(workspace: Workspace, query: Mapping[str, str]) -> str:
    """Return as whom the page is looked at: the first person of the workspace unless another is named."""
    asked = query.get("as", "")
    return asked if asked in workspace.people else next(iter(workspace.people))


def _in_order(
    app: App, channel: Channel | None, viewer: str, shown: list[Message]
) -> list[Message | Ephemeral]:
    """Return the messages with the answers that this person alone sees, as they came."""
    alone = [one for one in app.ephemerals if channel and one.channel == channel.id and one.user == viewer]
    items: list[Message | Ephemeral] = [*shown, *alone]
    return sorted(items, key=lambda item: float(item.ts))


def _chosen(workspace: Workspace, chosen: str) -> Channel | None:
    """Return the chosen channel, or the busiest, so that a demo opens on something to look at."""
    if chosen in workspace.channels:
        return workspace.channels[chosen]
    return max(workspace.channels.values(), key=_count, default=None)


def _count(channel: Channel) -> int:
    return sum(1 for _ in channel.timeline())
