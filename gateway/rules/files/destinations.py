"""Read the section `destinations:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import yaml

from gateway.model.rules.destination import Destination, PagerDutyService, SlackChannel, Webhook
from gateway.model.rules.origin import Origin
from gateway.rules.files.keys import DESTINATION, KINDS, PAGERDUTY, SLACK, WEBHOOK
from gateway.rules.files.raw import RawDestination
from gateway.rules.files.reader import Reader

DESTINATION_NAME = r"[A-Za-z0-9_.-]+"
CHANNEL = r"#?[^\s|#<>@]+"
_LABEL = re.compile(r"\{[^{}]+\}")


def read_destination(reader: Reader, name: str, key: yaml.Node, node: yaml.Node) -> RawDestination | None:
    if reader.name(key, DESTINATION_NAME, "a name of letters, digits, _ . and -") is None:
        return None
    given = reader.fields(node, DESTINATION)
    kinds = [kind for kind in KINDS if kind in given]
    if len(kinds) != 1:
        if isinstance(node, yaml.MappingNode):
            reader.error(node, "a destination is one of {slack: …}, {pagerduty: …} and {webhook: …}")
        return None
    via = _READERS[kinds[0]](reader, given[kinds[0]])
    # Its writer believes that somebody is told when this destination fails; without `fallback` nobody is.
    after = reader.duration(given["fallback_after"]) if "fallback_after" in given else None
    fallback = reader.references(given["fallback"]) if "fallback" in given else ()
    if "fallback_after" in given and not fallback:
        reader.error(given["fallback_after"], "`fallback_after` means nothing without `fallback`")
    if via is None:
        return None
    place = reader.place(key)
    more = {} if after is None else {"fallback_after": after}
    value = Destination(name, Origin(place.file, place.line), via, tuple(reference.name for reference in fallback), **more)
    return RawDestination(value, place, fallback)


def _read_slack(reader: Reader, node: yaml.Node) -> SlackChannel | None:
    given = reader.fields(node, SLACK)
    if "channel" not in given:
        reader.error(node, "`channel` is missing: an id such as C024BE91L, or a name such as '#payments'")
        return None
    channel = reader.name(given["channel"], CHANNEL, "an id such as C024BE91L or a name such as '#payments'")
    token = reader.secret(given["token"]) if "token" in given else None
    allowed = reader.items(given["allow"]) if "allow" in given else []
    what = "a value of letters, digits, _ . and -"
    allow = frozenset(value for item in allowed if (value := reader.name(item, DESTINATION_NAME, what)))
    mentions = reader.texts(given["mention_on_page"]) if "mention_on_page" in given else ()
    if channel is None:
        return None
    if re.search(r"[{}]", _LABEL.sub("", channel)):
        reader.error(given["channel"], f"`{channel[:60]}` has a brace that belongs to no {{label}}")
        return None
    # A label's value comes from outside: without a list, an alert could post into any channel of the
    # workspace.
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


def _read_webhook(reader: Reader, node: yaml.Node) -> Webhook | None:
    given = reader.fields(node, WEBHOOK)
    if "url" not in given:
        reader.error(node, "`url` is missing: {env: AUDIT_URL}, the variable that holds the receiver's address")
        return None
    secrets = {name: reader.secret(given[name]) for name in WEBHOOK if name in given}
    url = secrets.pop("url")
    return Webhook(url, **secrets) if url is not None else None


_READERS: Mapping[str, Callable[[Reader, yaml.Node], SlackChannel | PagerDutyService | Webhook | None]] = {
    "slack": _read_slack,
    "pagerduty": _read_pagerduty,
    "webhook": _read_webhook,
}
