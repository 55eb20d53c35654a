"""`destinations:` as they are written."""

from __future__ import annotations

import re

import yaml

from gateway.model.rulebook import Destination, Origin, PagerDutyService, SlackChannel
from gateway.storage.rule_files.keys import DESTINATION, PAGERDUTY, SLACK
from gateway.storage.rule_files.read import Reader
from gateway.storage.rule_files.written import WrittenDestination

DESTINATION_NAME = r"[A-Za-z0-9_.-]+"
CHANNEL = r"#?[^\s|#<>@]+"
_LABEL = re.compile(r"\{[^{}]+\}")


def read_destination(reader: Reader, name: str, key: yaml.Node, node: yaml.Node) -> WrittenDestination | None:
    if reader.name(key, DESTINATION_NAME, "a name of letters, digits, _ . and -") is None:
        return None
    given = reader.fields(node, DESTINATION, ("webhook",))
    kinds = [kind for kind in ("slack", "pagerduty") if kind in given]
    if len(kinds) != 1:
        if isinstance(node, yaml.MappingNode) and not any(key.value == "webhook" for key, _ in node.value):
            reader.error(node, "a destination is either {slack: …} or {pagerduty: …}")
        return None
    via = _read_slack(reader, given["slack"]) if kinds == ["slack"] else _read_pagerduty(reader, given["pagerduty"])
    after = reader.duration(given["fallback_after"]) if "fallback_after" in given else None
    fallback = reader.references(given["fallback"]) if "fallback" in given else ()
    if "fallback_after" in given and not fallback:
        reader.error(given["fallback_after"], "`fallback_after` means nothing without `fallback`")
    if via is None:
        return None
    place = reader.place(key)
    more = {} if after is None else {"fallback_after": after}
    value = Destination(name, Origin(place.file, place.line), via, tuple(one.name for one in fallback), **more)
    return WrittenDestination(value, place, fallback)


def _read_slack(reader: Reader, node: yaml.Node) -> SlackChannel | None:
    given = reader.fields(node, SLACK)
    if "channel" not in given:
        reader.error(node, "`channel` is missing: an id such as C024BE91L, or a name such as '#payments'")
        return None
    channel = reader.name(given["channel"], CHANNEL, "an id such as C024BE91L or a name such as '#payments'")
    token = reader.secret(given["token"]) if "token" in given else None
    allow = frozenset(
        value for item in (reader.items(given["allow"]) if "allow" in given else ()) if (value := reader.name(item, r"[A-Za-z0-9_.-]+", "a value of letters, digits, _ . and -"))
    )  # fmt: skip
    mentions = reader.texts(given["mention_on_page"]) if "mention_on_page" in given else ()
    if channel is None:
        return None
    if re.search(r"[{}]", _LABEL.sub("", channel)):
        reader.error(given["channel"], f"`{channel[:60]}` has a brace that belongs to no {{label}}")
        return None
    if "{" in channel and not allow:
        reader.error(given["channel"], "a channel from a label needs `allow`, the values that may stand in it")
    if "{" not in channel and "allow" in given:
        reader.error(given["allow"], "`allow` is for channels from a label, such as '#{team}-oncall'")
    more = {"token": token} if token else {}
    return SlackChannel(channel, allow=allow, mention_on_page=mentions, **more)


def _read_pagerduty(reader: Reader, node: yaml.Node) -> PagerDutyService | None:
    given = reader.fields(node, PAGERDUTY)
    if "routing_key" not in given:
        reader.error(node, "`routing_key` is missing: {env: PAGERDUTY_ROUTING_KEY}")
        return None
    key = reader.secret(given["routing_key"])
    service = reader.name(given["service"]) if "service" in given else ""
    return PagerDutyService(key, service or "") if key else None
