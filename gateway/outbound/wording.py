"""Words that every destination uses: what and where, durations, times, and texts that can do no harm."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import msgspec

from gateway.model.durations import HOUR, MINUTE
from gateway.model.harmless import harmless
from gateway.model.notification import AlertLine, Notification, Refused
from gateway.model.refusals import refuses_for_now
from gateway.model.severity import Severity

LONGEST_WAIT = 5 * MINUTE  # of what is tried again by itself
LONGEST_PAUSE = 6 * HOUR  # before a destination is asked again that refuses everything

_BLANK_LINES = re.compile(r"\n\s*\n")
LINES_SHOWN = 12  # of one text
_SPACES = re.compile(r"\s+")
_WEB = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_ENCODED = {ord(mark): f"%{ord(mark):02X}" for mark in ' <>"|`\\^{}'}


def retry_after(said: str, unsaid: int, now: int = 0, longest: int = LONGEST_WAIT) -> int:
    """Return how long to wait (ms) by a `Retry-After` header, and `unsaid` where it says nothing.

    The header holds seconds or, where `now` (ms) is given, may be a date. The wait is at most `longest`,
    since no vendor may keep us away without end by a header.
    """
    if re.fullmatch(r"[0-9]{1,9}", said):
        return min(longest, int(said) * 1_000)
    try:
        until = parsedate_to_datetime(said).timestamp() if now else 0
    except (ValueError, OverflowError):
        return unsaid
    return min(longest, max(0, round(until * 1_000) - now)) or unsaid if until else unsaid


def with_retry_after(refused: Refused, said: str, now: int) -> Refused:
    """Return a refusal with the `Retry-After` before which a destination that refuses
    everything is not asked.
    """
    wait = retry_after(said, 0, now, LONGEST_PAUSE) if refuses_for_now(refused.reason) else 0
    return msgspec.structs.replace(refused, retry_after=wait) if wait else refused


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def tame(text: str) -> str:
    """Return a text as one line, without characters that cannot be seen."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _SPACES.sub(" ", harmless(text)).strip()


def literal(text: str, most: int) -> str:
    """Return a text with its lines and spaces as written, to be copied, without what cannot be seen."""
    seen = harmless(text[: 4 * most]).replace("\r\n", "\n").strip()
    lines = _BLANK_LINES.sub("\n", seen).splitlines()
    return shorten("\n".join(lines[:LINES_SHOWN]) + ("\n…" if len(lines) > LINES_SHOWN else ""), most)


def web_address(url: str, most: int) -> str:
    """Return an address of http(s) so that it is safe between `<` and `>`, and an empty text for any other.

    One that is longer than `most` is left out as a whole, since half a link leads astray.
    """
    if len(url) > most or not _WEB.match(url := url.strip()):
        return ""
    encoded = harmless(_SPACES.sub(" ", url)).translate(_ENCODED)
    return encoded if len(encoded) <= most else ""


def left_out(count: int, what: str) -> str:
    """Say how many a cap leaves out: `+1 label`, `+5 labels`; nothing where it leaves out none."""
    return f"+{count} {plural(count, what)}" if count > 0 else ""


def plural(count: int, what: str) -> str:
    if count == 1:
        return what
    return f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"


def gist(notification: Notification) -> str:
    """Return the one sentence that says most: a description holds the facts, a summary is often a fixed text."""
    if notification.ended_because:
        return notification.ended_because
    said = (line.description or line.summary for line in notification.lines)
    return next((text for text in said if text), "")


def escalated(notification: Notification) -> str:
    """Say in a title that others were called before: `escalation, step 2`; empty where none were."""
    step = notification.escalation
    return f"escalation, step {step.number}" if step is not None else ""


def shown_said(notification: Notification, most: int) -> tuple[list[str], str]:
    """Return what the alerts say of themselves, and how many sentences are left out."""
    shown = [*notification.said[:most]]
    return shown, left_out(len(notification.said) - len(shown), "summary")


def place(notification: Notification) -> str:
    """Say where it is as a path: `prod-eu › shop › cart`."""
    return " › ".join(notification.place.values())


def named_place(notification: Notification) -> str:
    """Say where it is as labels, to be searched for: `cluster=prod-eu, namespace=shop`."""
    return ", ".join(f"{name}={value}" for name, value in notification.place.items())


def shared_labels(notification: Notification, most: int) -> tuple[list[tuple[str, str]], str]:
    """Return the shared labels that people read, beside the place, and how many are left out."""
    beside = [
        (name, value) for name, value in notification.where.items() if notification.place.get(name) != value
    ]
    useful = beside[: max(0, len(beside) - notification.plumbing)][:most]
    return useful, left_out(len(beside) - len(useful), "label")


def own_labels(line: AlertLine, notification: Notification, most: int) -> tuple[list[tuple[str, str]], str]:
    """Return the labels that tell an alert from the others of its incident, and how many are left out."""
    shared = {*notification.where.items()}
    names = [*line.labels]
    useful = names[: len(names) - line.plumbing]
    own = [name for name in names if (name, line.labels[name]) not in shared and name != "severity"]
    # Two alerts may differ by an id alone; else ids only push aside what a person knows.
    shown = [name for name in own if name in useful][:most] or own[:most]
    return [(name, line.labels[name]) for name in shown], left_out(len(own) - len(shown), "label")


def links_of(notification: Notification, most: int) -> tuple[dict[str, str], str]:
    """Return the first address of each kind that is one of http(s) of at most `most` characters, by its name,
    and how many others are left out, such as `+2 runbooks, +1 query`.
    """
    said: dict[str, dict[str, None]] = {}
    for line in notification.lines:
        for name, url in _links(line):
            # A path may be a runbook too; anywhere else it leads nowhere.
            if (url := url.strip()) and (name == "Runbook" or _WEB.match(url)):
                said.setdefault(name, {})[url] = None
    shown = {
        name: address
        for name, urls in said.items()
        if (address := next((found for url in urls if (found := web_address(url, most))), ""))
    }
    as_text = {"Runbook"} if unlinked_runbook(notification) else set()
    more = (
        left_out(len(urls) - (name in shown or name in as_text), name.partition(" ")[0].lower())
        for name, urls in said.items()
    )
    return shown, ", ".join(part for part in more if part)


def _links(line: AlertLine) -> tuple[tuple[str, str], ...]:
    return (
        ("Runbook", line.runbook),
        ("Dashboard", line.dashboard),
        ("Panel", line.panel),
        ("Image", line.image),
        ("Query", line.source),
        ("Silence at its source", line.silence),
    )


def unlinked_runbook(notification: Notification) -> str:
    """Return what is named as runbook where none of them is an address: a path, or words."""
    runbooks = [line.runbook.strip() for line in notification.lines if line.runbook.strip()]
    return "" if any(map(_WEB.match, runbooks)) else next(iter(runbooks), "")


def severity_sent(severity: Severity, sent: str) -> str:
    """Say the sender's own word where it is read as another: `WARNING, sent as severity=fatal`."""
    return f"{severity.word.upper()}, sent as {sent}" if sent else ""
