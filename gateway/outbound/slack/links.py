"""The links of a Slack message: buttons while somebody has to act, and a line of links once it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.outbound.slack.text import fitting, link, mrkdwn_text, plain_text, running, section, unstyled
from gateway.outbound.wording import left_out, links_of, shorten, tame, unlinked_runbook, web_address

MAX_URL = 1_500
MAX_LINKS = 1_800  # characters of the line
MAX_RUNBOOK = 300
MAX_TITLE = 300
SEPARATOR = "  ·  "
BUTTONS = ("Runbook", "Dashboard", "Query")
SIGNS = {"Runbook": "📕", "Dashboard": "📈", "Panel": "📊", "Image": "🖼️", "Query": "🔎"}

Block = dict[str, Any]


def link_blocks(notification: Notification) -> Iterator[Block]:
    links, left_out_links = links_of(notification, MAX_URL)
    firing = notification.state is NotifiedState.FIRING
    # Whoever has to act finds the next step under the thumb; everything else is a line below.
    buttons = {name: url for name, url in links.items() if firing and name in BUTTONS}
    if buttons:
        yield {"type": "actions", "elements": [_button(name, url) for name, url in buttons.items()]}
    others = [link(url, _label(name)) for name, url in links.items() if name not in buttons]
    shown = fitting(others, SEPARATOR, MAX_LINKS)
    counted = (left_out(len(others) - len(shown), "link"), left_out_links)
    if line := SEPARATOR.join(text for text in (*shown, *counted) if text):
        yield {"type": "context", "elements": [mrkdwn_text(line)]}
    runbook = shorten(tame(unlinked_runbook(notification)), MAX_RUNBOOK)
    # A runbook that is no address cannot be pressed, and says all the same where to look.
    if runbook:
        yield section(plain_text(f"{_label('Runbook')}: {runbook}"))


def lead_on(title: str, permalink: str) -> str:
    """Say in the thread of a message that can no longer be edited where it goes on, and what it is about."""
    address = web_address(permalink, MAX_URL)
    where = link(address, "here") if address else "in a newer one"
    return (
        f"↪ {unstyled(running(title, MAX_TITLE))}: this message can no longer be edited, it goes on {where}"
    )


def _label(name: str) -> str:
    return f"{SIGNS[name]} {name}" if name in SIGNS else name


def _button(name: str, url: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": f"open-{name.lower()}",
        "text": plain_text(_label(name)),
        "url": url,
    }
