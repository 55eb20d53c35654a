"""Read the section `policy:`."""

from __future__ import annotations

import yaml

from gateway.model.matchers import MatcherError, compile_pattern
from gateway.model.rules.rulebook import DEFAULT_SILENCES
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.rules.files.keys import LATER_POLICY, POLICY, SILENCES
from gateway.rules.files.raw import RawRules
from gateway.rules.files.reader import Reader


def read_policy(reader: Reader, node: yaml.Node, raw: RawRules) -> None:
    given = reader.fields(node, POLICY, LATER_POLICY)
    if "closed_by_hand" in given:
        raw.closed_by_hand = reader.duration(given["closed_by_hand"])
    if "audit" in given:
        raw.audit = reader.references(given["audit"])
    if "silences" in given:
        raw.silences = _read_silences(reader, given["silences"])


def _read_silences(reader: Reader, node: yaml.Node) -> SilencePolicy:
    given = reader.fields(node, SILENCES)
    lengths = {key: reader.duration(given[key]) or 0 for key in ("longest", "unmatched") if key in given}
    for key, length in lengths.items():
        # A silence of no length, or one that counts as unmatched at once, would end before it does anything.
        if not length:
            reader.error(given[key], f"`{key}` has to be longer than nothing")
    return SilencePolicy(
        longest=lengths.get("longest", DEFAULT_SILENCES.longest),
        unmatched=lengths.get("unmatched", DEFAULT_SILENCES.unmatched),
        reason_required=_word(reader, given.get("reason"), ("optional", "required")) == "required",
        four_eyes=_word(reader, given.get("critical"), ("allowed", "four_eyes")) == "four_eyes",
        ticket=_ticket(reader, given["ticket"]) if "ticket" in given else "",
        warn_share=_share(reader, given["warn_share"])
        if "warn_share" in given
        else DEFAULT_SILENCES.warn_share,
    )


def _word(reader: Reader, node: yaml.Node | None, allowed: tuple[str, ...]) -> str:
    if node is None:
        return allowed[0]
    word = reader.text(node) or ""
    if word not in allowed:
        reader.error(node, f"`{word[:40]}` is not known here: write {' or '.join(allowed)}")
    return word


def _ticket(reader: Reader, node: yaml.Node) -> str:
    pattern = reader.text(node) or ""
    try:
        compile_pattern(pattern)
    except MatcherError as error:
        reader.error(node, str(error))
        return ""
    return pattern


def _share(reader: Reader, node: yaml.Node) -> float:
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        reader.error(node, "a share is a number from 0 to 1, such as 0.2")
        return 1.0
    return share
