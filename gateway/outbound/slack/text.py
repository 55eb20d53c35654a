"""Texts as Slack takes them: nothing that a label or an annotation says can mention anybody, link anywhere,
dress up the rest or become an emoji.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gateway.model.durations import spoken
from gateway.model.instants import HALF_A_DAY, clock
from gateway.outbound.wording import shorten, tame

# Slack makes an emoji of `:fire:`, also of a team's own making, inside an address or an ARN too. Numbers as
# in 02:46:10 name none, but for two. A hair space behind the first colon keeps it a text.
_EMOJI = re.compile(r":(?=(?:100|1234|[a-z0-9_+'-]*[a-z_+'-][a-z0-9_+'-]*):)")
# What makes text bold, italic or struck through, where the same mark follows on its line.
_STYLE = re.compile(r"(?<![^\W_])([*_~])(?=\S)(?=[^\n]*\1)")
_STYLE_OR_CODE = re.compile(f"{_STYLE.pattern}|`")
_ADDRESS = re.compile(r"https?://\S+")
_BREAK = "\u200a"
_GROUP = re.compile(r"S(?=[A-Z]*\d)[A-Z0-9]{5,}")
_USER = re.compile(r"[UW](?=[A-Z]*\d)[A-Z0-9]{5,}")


EVERYBODY = frozenset({"here", "channel", "everyone"})
# https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
_OWN_SPELLING = re.compile(r"<(?:!subteam\^|@)([A-Z0-9]+)(?:\|[^<>]*)?>")


def escape(text: str) -> str:
    """Escape Slack's three special characters: without a raw `<` nothing can mention anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Return a text that Slack sends as it was typed: it escapes the same three characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mrkdwn_text(text: str) -> dict[str, Any]:
    """Return an object for our own words, with times and links.

    It is verbatim, so that Slack makes no link of words that only look like one.
    """
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain_text(text: str) -> dict[str, Any]:
    """Return an object for somebody else's words: nothing in them acts, and a copy is what was sent.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return {"type": "plain_text", "text": text, "emoji": False}


def section(text: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": text}


def running(text: str, most: int) -> str:
    """Return a value for a message's text, where Slack has nothing that keeps values from acting.

    It is one line of at most `most` characters as sent, escapes included.
    """
    kept = shorten(tame(text[: 4 * most]), most)
    shown = _without_emoji(kept)
    # Escapes lengthen a text (`&` becomes `&amp;`), and to cut it behind them could break one in two.
    while len(shown) > most:
        kept = shorten(kept, min(len(kept) - 1, len(kept) * most // len(shown)))
        shown = _without_emoji(kept)
    return shown


def _without_emoji(text: str) -> str:
    return escape(_EMOJI.sub(f":{_BREAK}", text))


def unstyled(text: str) -> str:
    """Break each mark by which a text without blocks would become bold, italic, struck through or code.

    `mrkdwn: false` would do so too, but chat.update has no such argument
    (https://docs.slack.dev/reference/methods/chat.update), and nobody says whether a mention still calls
    then. A hair space behind a mark keeps it a text, as behind a colon. Code may begin with a space, so its
    marks become others that look alike. In an address each is encoded: it leads where it did.
    """
    addresses = [found.span() for found in _ADDRESS.finditer(text)]

    def broken(found: re.Match[str]) -> str:
        mark = found[0]
        if any(start <= found.start() < end for start, end in addresses):
            return f"%{ord(mark):X}"
        return "ˋ" if mark == "`" else f"{mark}{_BREAK}"

    marks = _STYLE_OR_CODE if text.count("`") > 1 else _STYLE
    return marks.sub(broken, text)


def joined(parts: Iterable[str], separator: str, most: int) -> str:
    """Join the parts that fit."""
    return separator.join(fitting(parts, separator, most))


def fitting(parts: Iterable[str], separator: str, most: int) -> list[str]:
    """Return the parts that fit, each whole: half an escape or half a link would be worse than none."""
    shown: list[str] = []
    size = -len(separator)
    for part in parts:
        longer = size + len(separator) + len(part)
        if part and longer <= most:
            shown.append(part)
            size = longer
    return shown


def is_mention(who: str) -> bool:
    """Return whether Slack calls somebody by this as it stands; any other name has to be looked up."""
    name = _named(who)
    return name in EVERYBODY or bool(_GROUP.fullmatch(name) or _USER.fullmatch(name))


def _named(who: str) -> str:
    """Return the name or the id in `@here`, `S0123ABCD` or Slack's own spelling, `<!subteam^S0123ABCD>`."""
    own = _OWN_SPELLING.fullmatch(who.strip())
    return own[1] if own else who.strip().removeprefix("@")


def mention(who: str) -> str:
    """Return the text by which a message calls `who`.

    `who` is `@here`, `@channel`, `@everyone`, a user's id (U…, W…) or a group's (S…). Any other name stays a
    text that calls nobody, since Slack notifies by id alone.
    """
    name = _named(who)
    if name in EVERYBODY:
        return f"<!{name}>"
    if _GROUP.fullmatch(name):
        return f"<!subteam^{name}>"
    return f"<@{name}>" if _USER.fullmatch(name) else running(who, 80)


def moment(milliseconds: int, now: int, *, ago: bool = False) -> str:
    """Show a time in the reader's own time zone, with its date where it is not of today.

    With `ago` Slack says how long ago it is, and goes on counting.
    """
    shape = "{time}" if abs(now - milliseconds) < HALF_A_DAY else "{date_short_pretty} {time}"
    # Clients that cannot format a date show the text behind the bar:
    # https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    fallback = clock(milliseconds)
    if ago:
        shape, fallback = f"{shape} ({{ago}})", f"{fallback}, {spoken(now - milliseconds)}"
    return f"<!date^{max(0, milliseconds) // 1000}^{shape}|{fallback}>"


def link(url: str, name: str) -> str:
    """Return a link that shows `name`; `url` is already a `web_address`."""
    return f"<{url.replace('&', '&amp;')}|{name}>"
