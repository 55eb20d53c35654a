"""Keys of alertmanager.yml, for people who come from there: what takes the place of each in rule files.

docs/coming-from-alertmanager.md says the same at length.
"""

from __future__ import annotations

from types import MappingProxyType

_DESTINATION = "`{}` of a destination"
_FILE = "`{}`: {{env: NAME}}, with the path of the file in the variable NAME_FILE"
_MATCH = "`match`, a list of matchers"

WORDS = MappingProxyType(
    {
        "route": "`routes`, a list; each has a `name`, and a child names its `parent`",
        "routes": "`parent`: all routes stand in one list, and a child names the one above",
        "receiver": "`notify` and `page`, lists of destinations",
        "receivers": "`destinations`, by name",
        "slack_configs": _DESTINATION.format("slack"),
        "pagerduty_configs": _DESTINATION.format("pagerduty"),
        "webhook_configs": _DESTINATION.format("webhook"),
        "email_configs": _DESTINATION.format("email"),
        "match_re": _MATCH,
        "matchers": _MATCH,
        "group_by": "`by` of a rule under `correlate`",
        "group_interval": "`update_interval`",
        "repeat_interval": "`remind`, of what nobody has; repeats are told to nobody",
        "service_key": "`routing_key`: {env: NAME}, of an integration of the Events API v2",
        "routing_key_file": _FILE.format("routing_key"),
        "service_key_file": _FILE.format("routing_key"),
        "url_file": _FILE.format("url"),
        "smarthost": "the setting GATEWAY_SMTP_URL",
        "auth_username": "the setting GATEWAY_SMTP_URL",
        "auth_password": "the setting GATEWAY_SMTP_URL",
        "http_config": "the settings GATEWAY_VENDOR_PROXY and GATEWAY_CA_FILE, and `proxy` of a destination",
        "send_resolved": "nothing: whoever was told that it fires is told that it ended",
        "mute_time_intervals": "`mute`, with time intervals under `page` and `notify`",
        "active_time_intervals": "`during`, a list of time intervals",
        "inhibit_rules": "`inhibit`, in the same words and with a `name`",
        "source_match": "`source_matchers`",
        "source_match_re": "`source_matchers`",
        "target_match": "`target_matchers`",
        "target_match_re": "`target_matchers`",
        "global": "settings: addresses and secrets come from the environment",
        "templates": "nothing: messages have one form",
    }
)


def in_place_of(key: str) -> str:
    """Return `; …` with what takes the place of a key of Alertmanager's; an empty text for any other key."""
    return f"; it is Alertmanager's, and its place takes {WORDS[key]}" if key in WORDS else ""
