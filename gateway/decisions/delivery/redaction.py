"""Hide the values of redacted labels from every vendor, in an alert's labels, annotations and texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b

from gateway.decisions.delivery.annotations import SAID_BY_NAME, SENDER_LINKS
from gateway.model.alert import Alert
from gateway.model.matchers import parse_matchers
from gateway.model.rules.rulebook import LabelRules
from gateway.model.webhook import STATE_REASON


def redact_alert(alert: Alert, labels: LabelRules) -> Alert:
    # Why it ended comes from an annotation, which may not be among those that are shown.
    reason = {STATE_REASON: alert.end_reason} if alert.end_reason else {}
    if not labels.redact or not labels.redact & {*alert.labels, *alert.annotations, *reason}:
        # The alert carries no redacted label, so the person on call sees it as it was sent.
        return alert
    hidden = {alert.labels[name] for name in labels.redact if name in alert.labels}
    # The names of these come from the rules and stay readable; a sender may have put a secret into any other.
    ours = {*SAID_BY_NAME, *labels.links.values(), *labels.redact}

    def hide(values: Mapping[str, str]) -> dict[str, str]:
        return {name: _masked(name, value, labels, hidden) for name, value in values.items()}

    annotations = {
        name if name in ours else _without(hidden, name, labels.redact_key): value
        for name, value in hide(alert.annotations).items()
    }
    # The sender's own links hold label values in a form in which they are not found.
    for name in SENDER_LINKS:
        annotations.pop(name, None)
    return _with_texts(alert, hide(alert.labels), annotations, hide(reason).get(STATE_REASON, ""))


def redact_matchers(texts: Iterable[str], redact: Collection[str]) -> list[str]:
    """Return the matchers of a silence, each of a hidden label by its name alone."""
    return [_redact_matcher(text, redact) if redact else text for text in texts]


def _redact_matcher(text: str, redact: Collection[str]) -> str:
    hidden = [matcher.name for matcher in parse_matchers(text) if matcher.name in redact]
    return f"{', '.join(hidden)} (hidden)" if hidden else text


def _with_texts(alert: Alert, labels: dict[str, str], annotations: dict[str, str], end_reason: str) -> Alert:
    fields = {name: getattr(alert, name) for name in alert.__struct_fields__}
    texts = {"labels": labels, "annotations": annotations, "end_reason": end_reason}
    # The link to the source holds the query with its label values, so the reader does without it.
    return Alert(**fields | texts | {"source_url": ""})


def _masked(name: str, value: str, labels: LabelRules, hidden: set[str]) -> str:
    """Show a redacted label as a hash, and take its value out of every other text."""
    key = labels.redact_key
    return redacted(value, key) if name in labels.redact else _without(hidden, value, key)


def _without(hidden: set[str], text: str, key: bytes) -> str:
    for secret in sorted(hidden, key=len, reverse=True):
        if secret:
            text = text.replace(secret, redacted(secret, key))
    return text


def redacted(value: str, key: bytes) -> str:
    """Return a hash of the value. Without the key nobody can find the value by hashing all that it may be."""
    return "redacted-" + blake2b(value.encode("utf-8", "surrogatepass"), digest_size=4, key=key).hexdigest()
