"""Texts in Slack's mrkdwn: nothing that a label or an annotation says can mention anybody, link anywhere or
dress up the rest.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.model.instants import HALF_A_DAY, clock
from gateway.outbound.wording import shorten, tame

# A styled piece cannot end after a space, so a hair space before each mark keeps it a mark. An underscore
# inside a word (http_requests_total) styles nothing and stays as it is, to be copied.
_MARKS = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
_GROUP = re.compile(r"S(?=[A-Z]*\d)[A-Z0-9]{5,}")
_USER = re.compile(r"[UW](?=[A-Z]*\d)[A-Z0-9]{5,}")


def escape(text: str) -> str:
    """Slack's three special characters; without a raw `<` nothing can mention anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str, most: int) -> str:
    """A value in running text: one line of at most `most` characters as sent, escapes included."""
    kept = shorten(tame(text[: 4 * most]), most)
    shown = escape(_MARKS.sub("\u200a\\g<0>", kept))
    # Escapes lengthen a text (`&` becomes `&amp;`), and to cut it behind them could break one in two.
    while len(shown) > most:
        kept = shorten(kept, min(len(kept) - 1, len(kept) * most // len(shown)))
        shown = escape(_MARKS.sub("\u200a\\g<0>", kept))
    return shown


def joined(parts: Iterable[str], separator: str, most: int) -> str:
    """Those that fit, whole: half an escape or half a link would be worse than none."""
    text = ""
    for part in parts:
        longer = f"{text}{separator}{part}" if text else part
        if part and len(longer) <= most:
            text = longer
    return text


def mention(who: str) -> str:
    """`@here`, `@channel`, `@everyone`, a user's id (U…, W…) or a group's (S…).

    Any other name stays a text that calls nobody: Slack notifies by id alone.
    """
    name = who.strip().removeprefix("@")
    if name in ("here", "channel", "everyone"):
        return f"<!{name}>"
    if _GROUP.fullmatch(name):
        return f"<!subteam^{name}>"
    return f"<@{name}>" if _USER.fullmatch(name) else plain(who, 80)


def moment(milliseconds: int, now: int) -> str:
    """Show a time in the reader's own time zone, with its date where it is not of today."""
    shape = "{time}" if abs(now - milliseconds) < HALF_A_DAY else "{date_short_pretty} {time}"
    # Clients that cannot format a date show the text behind the bar:
    # https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    return f"<!date^{max(0, milliseconds) // 1000}^{shape}|{clock(milliseconds)}>"


def link(url: str, name: str) -> str:
    """`url` is already a `web_address`."""
    return f"<{url.replace('&', '&amp;')}|{name}>"
