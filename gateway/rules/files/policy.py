"""Read the section `policy:`."""

from __future__ import annotations

import re

import yaml

from gateway.model.matchers import MatcherError, compile_pattern
from gateway.model.rules.act_policy import ActPolicy
from gateway.model.rules.rulebook import DEFAULT_SILENCES
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.rules.files.keys import ACT, POLICY, SILENCES
from gateway.rules.files.raw import RawRules
from gateway.rules.files.reader import Reader

GROUP = r"S[A-Z0-9]{4,}"  # https://docs.slack.dev/reference/objects/usergroup-object


def read_policy(reader: Reader, node: yaml.Node, raw: RawRules) -> None:
    given = reader.fields(node, POLICY)
    if "closed_by_hand" in given:
        raw.closed_by_hand = reader.duration(given["closed_by_hand"])
    if "audit" in given:
        raw.audit = reader.references(given["audit"])
    if "silences" in given:
        raw.silences = _read_silences(reader, given["silences"])
    if "act" in given:
        raw.act = _read_act(reader, given["act"])


def _read_act(reader: Reader, node: yaml.Node) -> ActPolicy:
    given = reader.fields(node, ACT)
    groups, administer = (_groups(reader, given.get(key)) for key in ("slack_groups", "administer"))
    listed = "pagerduty" in given and reader.word(given["pagerduty"], ("any", "listed")) == "listed"
    if listed and not (groups or administer):
        reader.error(given["pagerduty"], "`listed` lets nobody act: name their groups in `slack_groups`")
    return ActPolicy(groups, administer, "listed" if listed else "any")


def _groups(reader: Reader, node: yaml.Node | None) -> tuple[str, ...]:
    """Read ids of user groups. A handle is refused: whoever renames a group would change who may act."""
    if node is None:
        return ()
    groups = reader.texts(node)
    for group in groups:
        if not re.fullmatch(GROUP, group):
            reader.error(node, f"`{group[:40]}` is no id of a Slack user group: it looks like S01ONCALL")
    return groups


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
        reason_required=_is(reader, given.get("reason"), "required", "optional"),
        four_eyes=_is(reader, given.get("critical"), "four_eyes", "allowed"),
        ticket=_ticket(reader, given["ticket"]) if "ticket" in given else "",
        warn_share=reader.share(given["warn_share"])
        if "warn_share" in given
        else DEFAULT_SILENCES.warn_share,
    )


def _is(reader: Reader, node: yaml.Node | None, word: str, default: str) -> bool:
    return node is not None and reader.word(node, (default, word)) == word


def _ticket(reader: Reader, node: yaml.Node) -> str:
    pattern = reader.text(node) or ""
    try:
        compile_pattern(pattern)
    except MatcherError as error:
        reader.error(node, str(error))
        return ""
    return pattern
