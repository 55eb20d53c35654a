"""The weekly digest of a team: how many pages were worth it, which rules waste people's nights, and what
nobody answered.

It is of pages and rules, and names no person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.decisions.statistics.counting import UNSAID
from gateway.decisions.statistics.in_words import percent
from gateway.decisions.statistics.report import report
from gateway.model.counted import counted
from gateway.model.durations import DAY, spoken
from gateway.model.statistics.events import (
    Acknowledged,
    AnyEvent,
    Call,
    CallConfirmed,
    Label,
    LabelWithdrawn,
    OnCall,
    Page,
    PersonCalled,
    QuietSpell,
    RulesChanged,
    ServiceSeen,
)
from gateway.model.statistics.history import History
from gateway.model.statistics.request import asked
from gateway.model.statistics.rows import Precision, Row

WEEK, FOUR_WEEKS = 7 * DAY, 28 * DAY
NOISIEST = 5
NIGHT = (*range(22, 24), *range(7))
ENOUGH = 5  # labelled pages: fewer show nothing that a rule should be changed for
MIXED = 0.2  # from this share of actionable pages on a rule is two rules in one
RAISE_FOR, NOTIFY, OWNER, SPLIT = "raise `for`", "notify instead of page", "change owner", "split"
_SHORT_LIVED = ("self-healed", "too sensitive")
_BAR = "▁▂▃▄▅▆▇█"


class DigestText(NamedTuple):
    title: str
    sections: tuple[str, ...]


def digest_of(history: History, team: str, until: int, tz: str) -> DigestText:
    """Return the digest of the week before `until` (ms), and of the four weeks before for what takes longer to see."""
    own = _of_team(history, team)
    month = report(own, asked(until, to=until, from_=until - FOUR_WEEKS, by="alertname"))
    before = report(own, asked(until, to=until - FOUR_WEEKS, from_=until - 2 * FOUR_WEEKS))
    week = report(own, asked(until, to=until, from_=until - WEEK, by="hour", tz=tz))
    sections = (
        _precision(month.total, before.total),
        _noisiest(month.rows, team),
        _hours(week.rows),
        _unanswered(week.total),
    )
    pages = week.total.counts.pages
    return DigestText(
        f"Pages of {team} last week: {pages}", tuple(section for section in sections if section)
    )


def _of_team(history: History, team: str) -> History:
    """Return the history with the pages and the spells of one team alone."""
    own = [event for event in history.events if isinstance(event, Page) and event.team == team]
    pages, incidents = {page.id for page in own}, {page.incident for page in own}

    def concerns(event: AnyEvent) -> bool:
        match event:
            case Page() | QuietSpell():
                return event.team == team
            case Call():
                return event.page in pages
            case Label():
                return event.episode is not None or not pages.isdisjoint(event.pages)
            case PersonCalled() | OnCall() | CallConfirmed() | ServiceSeen():
                return False
            case LabelWithdrawn() | RulesChanged() | Acknowledged():
                return True  # whoever acknowledges an alert that was kept quiet shows that it mattered
        return event.incident in incidents

    return History(tuple(filter(concerns, history.events)), seed=history.seed)


def _precision(total: Row, before: Row) -> str:
    counts, precision, missed = total.counts, total.precision, total.missed
    lines = [
        f"Four weeks: {counted(counts.pages, 'page')} of {counted(counts.incidents, 'incident')}, {counted(counts.calls, 'call')}"
    ]
    if precision.value is None or precision.lower is None or precision.upper is None:
        lines.append(
            f"Precision is not known: nobody has labelled any of the {counted(counts.pages, 'page')}"
        )
    else:
        interval = f"{percent(precision.lower)} to {percent(precision.upper)}, {precision.n} labelled"
        target = f"target {percent(precision.target)}: {precision.verdict}"
        lines.append(f"Precision {percent(precision.value)} ({interval}), {target}")
        lines.append(_trend(precision, before.precision))
    if missed.told_share is not None:
        lines.append(
            f"Told at once of what mattered: {percent(missed.told_share)} ({missed.misses or 0} missed)"
        )
    return "\n".join(lines)


def _trend(now: Precision, before: Precision) -> str:
    """Say how it was before, and only call it better or worse where chance does not explain it."""
    if before.value is None or before.lower is None or before.upper is None or now.value is None:
        return "The four weeks before cannot be compared: nothing of them is labelled"
    apart = (now.lower or 0) > before.upper or (now.upper or 0) < before.lower
    word = ("better" if now.value > before.value else "worse") if apart else "within chance"
    return f"The four weeks before: {percent(before.value)} ({word})"


def _noisiest(rows: tuple[Row, ...], team: str) -> str:
    noisy = [row for row in rows if row.key is not None and row.labels.noise]
    noisy.sort(key=lambda row: (-(row.labels.noise or 0), -row.counts.pages, row.key or ""))
    if not noisy:
        return ""
    return "\n".join(("The noisiest rules:", *(_rule(row, team) for row in noisy[:NOISIEST])))


def _rule(row: Row, team: str) -> str:
    labels = row.labels
    reasons = ", ".join(f"{reason} {count}" for reason, count in _reasons(row))
    lasts = row.mttr.median_seconds
    evidence = [
        counted(row.counts.pages, "page"),
        f"{labels.noise} noise of {labels.labelled} labelled" + (f" ({reasons})" if reasons else ""),
    ]
    if lasts is not None:
        evidence.append(f"half end within {spoken(round(lasts * 1000))}")
    return f'• alertname="{row.key}" team="{team}": {", ".join(evidence)}{hint(row)}'


def hint(row: Row) -> str:
    """Return an arrow and what may help, an empty text where too few pages are labelled to say."""
    return f" → {_help(row)}" if (row.labels.labelled or 0) >= ENOUGH else ""


def _help(row: Row) -> str:
    """Return one of a fixed list, by what people and implied labels say of the noise."""
    labels = row.labels
    noise, reasons = labels.noise or 0, labels.noise_reasons or {}
    if reasons.get("wrong owner", 0) * 2 > noise:
        return OWNER
    short_lived = _over_by_itself(row) + sum(reasons.get(reason, 0) for reason in _SHORT_LIVED)
    if short_lived * 2 > noise:
        return RAISE_FOR
    if labels.labelled and (labels.actionable or 0) / labels.labelled >= MIXED:
        return SPLIT
    return NOTIFY


def _hours(rows: tuple[Row, ...]) -> str:
    calls = {int(row.key): row.counts.calls for row in rows if row.key is not None}
    most = max(calls.values(), default=0)
    if not most:
        return ""
    bars = "".join(
        _BAR[-(-calls[hour] * (len(_BAR) - 1) // most)] if calls.get(hour) else "·" for hour in range(24)
    )
    night = sum(calls.get(hour, 0) for hour in NIGHT)
    return f"Calls of last week by hour, 00 to 23: {bars}\n{night} of {sum(calls.values())} between 22:00 and 07:00"


def _unanswered(total: Row) -> str:
    mtta = total.mtta
    return "\n".join(_unanswered_lines(mtta.ended_before or 0, mtta.open or 0, total.labels.unlabelled or 0))


def _unanswered_lines(ended: int, still_open: int, unlabelled: int) -> Iterator[str]:
    if ended:
        yield f"Ended before anybody acknowledged: {ended} of last week's incidents"
    if still_open:
        yield f"Open, and acknowledged by nobody: {still_open} of last week's incidents"
    if unlabelled:
        yield f"Pages that nothing is said of: {unlabelled}; `gateway label` asks for the drawn ones"


def _over_by_itself(row: Row) -> int:
    by_trust = row.labels.by_trust
    return by_trust.self_resolved.noise if by_trust is not None else 0


def _reasons(row: Row) -> list[tuple[str, int]]:
    """Return why its noise was noise, the most frequent reason first."""
    # Nobody gives a reason for what ended by itself, so it is among those without one.
    reasons = {
        reason: count for reason, count in (row.labels.noise_reasons or {}).items() if reason != UNSAID
    }
    reasons["over by itself"] = _over_by_itself(row)
    found = [(reason, count) for reason, count in reasons.items() if count]
    return sorted(found, key=lambda item: (-item[1], item[0]))
