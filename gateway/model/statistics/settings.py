"""The settings of statistics: the block `precision` of the rules, with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from gateway.model.durations import DAY, HOUR, MINUTE, SECOND, parse_duration

PersonsMode = Literal["off", "self", "team", "all"]
PERSONS_MODES: tuple[PersonsMode, ...] = ("off", "self", "team", "all")
ActionableWord = Literal["human_label", "pagerduty_human_ack_and_resolve", "slack_ack_and_note"]
ACTIONABLE_WORDS: tuple[ActionableWord, ...] = (
    "human_label", "pagerduty_human_ack_and_resolve", "slack_ack_and_note",
)  # fmt: skip
HUMAN_LABEL = "human_label"
MAX_CUTOFF = 60 * DAY  # a day is compacted when it is 61 days old at the youngest: its labels are final then


@dataclass(frozen=True, slots=True)
class Digest:
    """The weekly digest: `at` is `<weekday> <HH:MM>` at the `location`; `to` has the destinations by team."""

    at: str
    location: str
    to: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PrecisionSettings:
    """What reports are made by. Durations are ms.

    `actionable` are the sources of labels that count, in the order in which the rules name them.
    `resolved_by_itself_within` is None where the rules imply no noise from what ends by itself;
    `noise_by_people` is whether people's own word counts as noise.
    """

    target: float = 0.95
    budget_pages: int = 2
    budget_per: int = 12 * HOUR
    actionable: tuple[ActionableWord, ...] = ACTIONABLE_WORDS
    noise_by_people: bool = True
    resolved_by_itself_within: int | None = 5 * MINUTE
    cutoff: int = 14 * DAY
    miss_within: int = 2 * HOUR
    persons: PersonsMode = "self"
    note_prefix: str = "alert:"
    digest: Digest | None = None


DEFAULT_PRECISION = PrecisionSettings()


class BudgetBlock(msgspec.Struct, frozen=True, gc=False):
    pages: int
    per: str


class ResolvedByItself(msgspec.Struct, frozen=True, gc=False):
    resolved_by_itself_within: str
    unless: Literal["acknowledged"] = "acknowledged"


class PrecisionBlock(msgspec.Struct, frozen=True, gc=False):
    """The block as a rule file writes it, which is how the event `rules` carries it: durations are texts."""

    target: float
    budget: BudgetBlock
    actionable: tuple[ActionableWord, ...]
    noise: tuple[Literal["human_label"] | ResolvedByItself, ...]
    cutoff: str
    miss_within: str
    persons: PersonsMode
    note_prefix: str
    digest: Digest | None = None


def to_block(settings: PrecisionSettings) -> PrecisionBlock:
    noise: list[Literal["human_label"] | ResolvedByItself] = ["human_label"] * settings.noise_by_people
    if settings.resolved_by_itself_within is not None:
        noise.append(ResolvedByItself(shortest(settings.resolved_by_itself_within)))
    return PrecisionBlock(
        target=settings.target,
        budget=BudgetBlock(settings.budget_pages, shortest(settings.budget_per)),
        actionable=settings.actionable,
        noise=tuple(noise),
        cutoff=shortest(settings.cutoff),
        miss_within=shortest(settings.miss_within),
        persons=settings.persons,
        note_prefix=settings.note_prefix,
        digest=settings.digest,
    )


def from_block(block: PrecisionBlock) -> PrecisionSettings:
    """Return the settings of a block. Raises `ValueError` where a duration is none."""
    by_itself = [entry for entry in block.noise if isinstance(entry, ResolvedByItself)]
    within = parse_duration(by_itself[0].resolved_by_itself_within) if by_itself else None
    return PrecisionSettings(
        target=block.target,
        budget_pages=block.budget.pages,
        budget_per=parse_duration(block.budget.per),
        actionable=block.actionable,
        noise_by_people="human_label" in block.noise,
        resolved_by_itself_within=within,
        cutoff=parse_duration(block.cutoff),
        miss_within=parse_duration(block.miss_within),
        persons=block.persons,
        note_prefix=block.note_prefix,
        digest=block.digest,
    )


def shortest(milliseconds: int) -> str:
    """Write a duration as a rule file would: `14d`, `2h30m`, `90s`; every one can be read again."""
    parts = []
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, length)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
