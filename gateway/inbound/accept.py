"""Which format of the metrics a scraper wants, by its `Accept` header."""

from __future__ import annotations

OPENMETRICS = "application/openmetrics-text"
VERSIONS = ("", "1.0.0")  # of OpenMetrics; an older draft is not written
PLAIN = ("text/plain", "text/*", "*/*")


def wants_openmetrics(accept: str) -> bool:
    """Return whether OpenMetrics is asked for at least as much as plain text.

    Prometheus asks for both and weighs them: https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    openmetrics, plain = 0.0, 0.0
    for accepted in accept.split(","):
        media_type, *rest = (part.strip() for part in accepted.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        weight = _weight(parameters.get("q", "1"))
        if media_type == OPENMETRICS and parameters.get("version", "").strip('"') in VERSIONS:
            openmetrics = max(openmetrics, weight)
        elif media_type in PLAIN:
            plain = max(plain, weight)
    return openmetrics > 0 and openmetrics >= plain


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0  # nobody knows what it means, so it is not wanted
