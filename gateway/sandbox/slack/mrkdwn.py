"""Slack's text as HTML: mrkdwn with its links, mentions and dates; everything else is escaped.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from markupsafe import Markup, escape
from rich.emoji import Emoji, NoEmoji

from gateway.clock import utc_now
from gateway.model.durations import spoken
from gateway.sandbox.links import safe_link

_PIECES = re.compile(r"```.+?```|`[^`\n]+`|<[^<>]+>", re.DOTALL)
_STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s"),
)
_QUOTE = re.compile(r"^(?:&gt;) ?(.*)$", re.MULTILINE)
_BREAK_AT_BOX = re.compile(r"(</blockquote>|</pre>)<br>|<br>(<pre>|<blockquote>)")
_SHORTCODE = re.compile(r":([a-z0-9_+'-]+):")
# Names that Slack has beside those of `rich`.
_SLACK_NAMES = {"large_blue_circle": "🔵", "large_green_circle": "🟢", "large_orange_circle": "🟠", "large_red_circle": "🔴",
                "large_yellow_circle": "🟡"}  # fmt: skip
_DATE_FORMATS = {
    "date_num": "%Y-%m-%d",
    "date": "%B %-d, %Y",
    "date_short": "%b %-d, %Y",
    "date_long": "%A, %B %-d, %Y",
    "date_pretty": "%B %-d, %Y",
    "date_short_pretty": "%b %-d, %Y",
    "date_long_pretty": "%A, %B %-d, %Y",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
}


def mrkdwn(text: str) -> Markup:
    """The text as people see it; hostile text stays text."""
    special: list[Markup] = []

    def keep(found: re.Match[str]) -> str:
        special.append(_piece(found[0]))
        return f"\0{len(special) - 1}\0"

    # Code, links and mentions stand aside while the rest is styled, so that `*<link>*` is a bold link.
    flat = _PIECES.sub(keep, text.replace("\0", ""))
    html = _QUOTE.sub(r"<blockquote>\1</blockquote>", _styled(flat)).replace("\n", "<br>")
    html = re.sub(r"\0(\d+)\0", lambda found: str(special[int(found[1])]), html)
    return Markup(_BREAK_AT_BOX.sub(r"\1\2", html))  # noqa: S704 - all parts are escaped


def plain(text: str, *, emoji: bool = True) -> Markup:
    """A plain_text object: nothing but emoji shortcodes means anything."""
    return escape(_with_emoji(text) if emoji else text)


def unescape(text: str) -> str:
    """Undoes the three escapes of Slack, `&amp;` last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _piece(piece: str) -> Markup:
    if piece.startswith("```"):
        return Markup("<pre>{}</pre>").format(unescape(piece[3:-3]).strip("\n"))
    if piece.startswith("`"):
        return Markup("<code>{}</code>").format(unescape(piece[1:-1]))
    return _control(piece[1:-1])


def _styled(text: str) -> str:
    html = str(escape(_with_emoji(unescape(text))))
    for pattern, tag in _STYLES:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return html


def _control(inside: str) -> Markup:
    """Show what stands between `<` and `>`: a mention, a channel, a date or a link."""
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        return _date(target, label)
    if target[0] in "@!#":
        return Markup('<span class="{}">{}</span>').format(
            "channel" if target[0] == "#" else "mention", _name(target, label)
        )
    link = safe_link(unescape(target))
    if not link:
        return escape(unescape(f"<{inside}>"))
    shown = Markup(_styled(label)) if label else escape(link)  # noqa: S704 - escaped in there
    return Markup('<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>').format(link, shown)


def _name(target: str, label: str) -> str:
    if target[0] == "#":
        return f"#{unescape(label) or target[1:]}"
    return f"@{unescape(label).removeprefix('@') or target[1:].removeprefix('subteam^')}"


def _date(target: str, fallback: str) -> Markup:
    """`!date^epoch^format[^link]`, shown in UTC here; Slack shows the reader's own zone."""
    _, seconds, layout = (*target.split("^")[:3], "", "")[:3]
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return escape(unescape(fallback))
    shown = re.sub(r"\{(\w+)\}", lambda found: _time_part(at, found[1]), unescape(layout))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), unescape(fallback), shown
    )


def _time_part(at: datetime, name: str) -> str:
    if name == "ago":
        ahead = at > utc_now()
        apart = spoken(int(abs(utc_now() - at).total_seconds() * 1000))
        return f"in {apart}" if ahead else f"{apart} ago"
    return at.strftime(_DATE_FORMATS[name]) if name in _DATE_FORMATS else f"{{{name}}}"


def _with_emoji(text: str) -> str:
    """Replace each `:name:` that is an emoji. A colon may end one name and begin the
    next: `2001:db8:100:a::7`.
    """
    shown, at = "", 0
    while (found := _SHORTCODE.search(text, at)) is not None:
        emoji = _emoji(found[1])
        shown += text[at : found.start()] + (emoji or ":")
        at = found.end() if emoji else found.start() + 1
    return shown + text[at:]


def _emoji(name: str) -> str:
    try:
        return _SLACK_NAMES.get(name) or str(Emoji(name))
    except NoEmoji:
        return ""
