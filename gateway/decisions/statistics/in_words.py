"""Say the figures of a row in sentences, for people on a terminal and in a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from gateway.model.counted import counted
from gateway.model.durations import spoken
from gateway.model.statistics.rows import Why

NOT_KNOWN = "–"
IN_WORDS: Mapping[Why, str] = {
    "no_pages": "there are no pages",
    "no_labels": "nobody has labelled any",
    "few_answered": "fewer than 80 % of the sample have a person's label, `gateway label` asks for them",
    "too_few": "too few pages have both labels",
    "degenerate": "all labels say the same",
    "too_few_checked": "people have checked too few pages",
    "no_incidents": "no incident began to page",
    "not_reached": "too few have come so far",
    "half_ended_before": "half ended before anybody acknowledged them",
    "not_followed": "nobody was observed for that long",
    "no_failures": "nothing failed",
    "no_services": "no alert of a service was seen",
    "not_by_this": "only services and alert names have one",
    "no_spells": "nothing that was kept quiet was missed",
    "persons_off": "the rules show figures of persons to nobody, or to each their own (`precision.persons`)",
    "persons_unavailable": "nobody has said who was called, which takes `PAGERDUTY_API_TOKEN`",
    "under_four": "it would be of fewer than four persons",
    "no_shifts": "nobody is known to have been on call",
    "expired": "names are forgotten after 90 days",
    "compacted": "it was forgotten after 90 days",
}
NONE_DRAWN = "none of the pages was drawn"


class Said(NamedTuple):
    """A sentence, and the verdict that it says, empty where it says none."""

    text: str
    verdict: str = ""


def row_in_words(row: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what a row of a report says, in the shape that the API shows."""
    counts, labels = row["counts"], row["labels"]
    told = ", ".join((_pages_of(counts), counted(counts["calls"], "call")))
    yield Said(f"{told}; {_labelled(labels)}")
    yield _share("precision", row["precision"], {})
    yield _share(
        "precision of the sample",
        row["precision_sampled"],
        {"no_pages": NONE_DRAWN} if counts["pages"] else {},
    )
    missed, mtta, mttr, mtbf = row["missed"], row["mtta"], row["mttr"], row["mtbf"]
    within = f"{percent(mttr['within_goal']['value'])} within {length(mttr['goal_seconds'])}"
    yield Said(
        f"told_share {_or_why(percent, missed, 'told_share')}: what mattered and was told at once;"
        f" {_counted(missed['misses'], 'miss', 'misses')}"
    )
    yield Said(
        f"MTTA {length(mtta['median_seconds'])} ({_why(mtta, 'median_seconds') or 'median'};"
        f" {_known(mtta['acknowledged'])} acknowledged, {_known(mtta['ended_before'])} ended before),"
        f" MTTR {length(mttr['median_seconds'])} ({'; '.join(filter(None, (_why(mttr, 'median_seconds'), within)))})"
    )
    yield Said(
        f"MTBF {_or_why(length, mtbf, 'value_seconds')} of {_counted(mtbf['services'], 'service')},"
        f" {_counted(mtbf['failures'], 'failure')}; goal {length(mtbf['goal_seconds'])}"
    )


def why_no_persons(rows: Iterable[Mapping[str, Any]]) -> str:
    """Say why rows by person are of nobody in particular; an empty text where they are of persons."""
    found = {why for row in rows for why in row["load"]["because"].values()}
    whys: tuple[Why, ...] = ("persons_off", "persons_unavailable")
    return next((IN_WORDS[why] for why in whys if why in found), "")


def _pages_of(counts: Mapping[str, Any]) -> str:
    return f"{counted(counts['pages'], 'page')} of {counted(counts['incidents'], 'incident')}"


def _labelled(labels: Mapping[str, Any]) -> str:
    if labels["labelled"] is None:
        return "their labels are not known any more"
    return f"{labels['labelled']} labelled: {labels['actionable']} actionable, {labels['noise']} noise"


def _known(count: int | None) -> str:
    return NOT_KNOWN if count is None else str(count)


def _counted(count: int | None, noun: str, plural: str = "") -> str:
    return f"{NOT_KNOWN} {plural or f'{noun}s'}" if count is None else counted(count, noun, plural)


def _or_why(said: Callable[[float | None], str], block: Mapping[str, Any], figure: str) -> str:
    """Say a figure of a block, or why there is none."""
    why = _why(block, figure)
    return f"{said(block[figure])} ({why})" if why else said(block[figure])


def _why(block: Mapping[str, Any], figure: str) -> str:
    """Say why a block has not this figure; an empty text where it has."""
    why = block["because"].get(figure) if block[figure] is None else None
    return IN_WORDS[why] if why else ""


def percent(share: float | None) -> str:
    return NOT_KNOWN if share is None else f"{share * 100:.1f} %"


def length(seconds: float | None) -> str:
    return NOT_KNOWN if seconds is None else spoken(round(seconds * 1000))


def _share(name: str, block: Mapping[str, Any], otherwise: Mapping[Why, str]) -> Said:
    """Say a precision with its interval and its verdict, or why there is none; some reasons are said `otherwise`."""
    verdict, because = block["verdict"], block["because"]

    def words(why: Why) -> str:
        return otherwise.get(why) or IN_WORDS[why]

    if block["value"] is None:
        return Said(f"{name} {NOT_KNOWN} ({words(because.get('value', 'no_labels'))})", "no_labels")
    interval = f"{percent(block['lower'])} to {percent(block['upper'])}"
    rests_on = f"{interval}, {_counted(block['clusters'], 'incident')}"
    why = f" ({words(because['verdict'])})" if "verdict" in because else ""
    return Said(
        f"{name} {percent(block['value'])} ({rests_on}), target {percent(block['target'])}: {verdict}{why}",
        verdict,
    )
