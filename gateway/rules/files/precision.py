"""Read the section `precision:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import yaml

from gateway.model.statistics.settings import (
    ACTIONABLE_WORDS,
    DEFAULT_PRECISION,
    HUMAN_LABEL,
    MAX_CUTOFF,
    PERSONS_MODES,
    ActionableWord,
    Digest,
    PersonsMode,
    PrecisionSettings,
)
from gateway.model.statistics.zones import zone_named
from gateway.rules.files.keys import BUDGET, LATER_PRECISION, PRECISION, RESOLVED_BY_ITSELF, WEEKLY_DIGEST
from gateway.rules.files.raw import RawRules
from gateway.rules.files.reader import Reader, Reference

WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
WEEKLY_MOMENT = rf"({WEEKDAYS}) ([01]\d|2[0-3]):[0-5]\d"


def read_precision(reader: Reader, node: yaml.Node, raw: RawRules) -> None:
    given = reader.fields(node, PRECISION, LATER_PRECISION)
    settings = DEFAULT_PRECISION
    if "target" in given:
        settings = replace(settings, target=reader.share(given["target"]))
    if "budget" in given:
        settings = _with_budget(reader, given["budget"], settings)
    if "actionable" in given:
        settings = replace(settings, actionable=_actionable(reader, given["actionable"]))
    if "noise" in given:
        settings = _with_noise(reader, given["noise"], settings)
    if "cutoff" in given:
        settings = replace(settings, cutoff=_length(reader, "cutoff", given["cutoff"]))
    if "miss_within" in given:
        settings = replace(settings, miss_within=_length(reader, "miss_within", given["miss_within"]))
    if "persons" in given:
        settings = replace(settings, persons=_persons(reader, given["persons"]))
    if "note_prefix" in given:
        settings = replace(settings, note_prefix=_note_prefix(reader, given["note_prefix"]))
    if "digest" in given:
        digest, raw.digest_to = _digest(reader, given["digest"])
        settings = replace(settings, digest=digest)
    raw.precision = settings


def _with_budget(reader: Reader, node: yaml.Node, settings: PrecisionSettings) -> PrecisionSettings:
    given = reader.fields(node, BUDGET)
    pages = reader.whole(given["pages"]) if "pages" in given else None
    per = _length(reader, "per", given["per"]) if "per" in given else None
    return replace(
        settings, budget_pages=pages or settings.budget_pages, budget_per=per or settings.budget_per
    )


def _actionable(reader: Reader, node: yaml.Node) -> tuple[ActionableWord, ...]:
    words = [word for item in reader.items(node) if (word := reader.word(item, ACTIONABLE_WORDS)) is not None]
    # Which of two labels is in force does not depend on the rules: another order would not be obeyed.
    if words != [word for word in ACTIONABLE_WORDS if word in words]:
        reader.error(
            node, f"these stand once each, in the order of their trust: {', '.join(ACTIONABLE_WORDS)}"
        )
    return tuple(words)


def _with_noise(reader: Reader, node: yaml.Node, settings: PrecisionSettings) -> PrecisionSettings:
    by_people, within = False, None
    for item in reader.items(node):
        if not isinstance(item, yaml.MappingNode):
            by_people = reader.word(item, (HUMAN_LABEL,)) is not None or by_people
            continue
        given = reader.fields(item, RESOLVED_BY_ITSELF)
        if "unless" in given:
            reader.word(given["unless"], ("acknowledged",))
        if "resolved_by_itself_within" not in given:
            reader.error(item, "`resolved_by_itself_within` is missing")
        elif within is not None:
            reader.error(item, "`resolved_by_itself_within` stands here twice")
        else:
            key = "resolved_by_itself_within"
            within = _length(reader, key, given[key])
    return replace(settings, noise_by_people=by_people, resolved_by_itself_within=within)


def _length(reader: Reader, key: str, node: yaml.Node) -> int:
    length = reader.duration(node)
    # After 61 days a day may be compacted, and what is known of it is final.
    if length is not None and not 0 < length <= MAX_CUTOFF:
        reader.error(node, f"`{key}` has to be longer than nothing and 60d at most")
    return length or MAX_CUTOFF


def _persons(reader: Reader, node: yaml.Node) -> PersonsMode:
    # YAML reads an unquoted `off` as false.
    if isinstance(node, yaml.ScalarNode) and node.value == "off":
        return "off"
    return reader.word(node, PERSONS_MODES) or DEFAULT_PRECISION.persons


def _note_prefix(reader: Reader, node: yaml.Node) -> str:
    prefix = reader.line(node) or DEFAULT_PRECISION.note_prefix
    return prefix.strip()


def _digest(reader: Reader, node: yaml.Node) -> tuple[Digest | None, Mapping[str, tuple[Reference, ...]]]:
    given = reader.fields(node, WEEKLY_DIGEST)
    for key in ("at", "to"):
        if key not in given:
            reader.error(node, f"`{key}` is missing")
    at = (
        reader.name(given["at"], WEEKLY_MOMENT, "a day and a time such as 'monday 09:00'")
        if "at" in given
        else None
    )
    location = reader.text(given["location"]) if "location" in given else "UTC"
    if location is not None and zone_named(location) is None:
        reader.error(
            given["location"],
            f"`{location[:40]}` is no known time zone:"
            " write a name of the IANA database such as Europe/Berlin",
        )
    to = reader.mapping(given["to"], reader.references) if "to" in given else {}
    if at is None or location is None:
        return None, {}
    return Digest(at, location, {}), to
