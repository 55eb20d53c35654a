"""The query parameters of the statistics: what each may be, and how it is read."""

from __future__ import annotations

import re
from typing import get_args

from starlette.requests import Request

from gateway.inbound.api.requests import MAX_PAGE_SIZE, QueryParameter, Refusal, given, one_of
from gateway.inbound.api.typed_texts import LENGTH, MAX_LENGTH
from gateway.model.statistics.request import DEFAULT_SAMPLE, Bucket, By

FORMATS = ("json", "csv")
INSTANT = {"type": "string", "format": "date-time"}
QUERY = {
    "from": QueryParameter("the window begins here; 28 days before its end unless given", INSTANT),
    "to": QueryParameter("the window ends before this; now unless given", INSTANT),
    "as_of": QueryParameter("what came after this does not count; now unless given", INSTANT),
    "tz": QueryParameter("the time zone of buckets and hours, such as Europe/Berlin", {"type": "string"}),
    "by": one_of(get_args(By), "how rows are cut"),
    "bucket": one_of(get_args(Bucket), "how the window is cut"),
    "cutoff": QueryParameter(
        "how long after a page a label counts, such as 14d",
        {"type": "string", "pattern": LENGTH, "maxLength": MAX_LENGTH},
    ),
    "sample": QueryParameter(
        "the share of pages that is the sample", {"type": "number", "minimum": 0, "maximum": 1}
    ),
    "format": one_of(FORMATS, "csv is the same, flattened with dots"),
}
CURSOR = r"([0-9]{1,16}) ([\s\S]+)"
EVENTS_QUERY = {
    "from": QUERY["from"],
    "to": QUERY["to"],
    "kind": QueryParameter("events of this kind alone", {"type": "string"}),
    "cursor": QueryParameter(
        "those behind this event: `<at> <id>` of the last one read",
        {"type": "string", "pattern": f"^{CURSOR}$"},
    ),
    "limit": QueryParameter(
        "how many events an answer has at most; all unless given. One with fewer is the last",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
    ),
}
SHARE = re.compile(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", re.ASCII)


def cursor_in(request: Request) -> tuple[int, str]:
    text = given(request, "cursor")
    if text is None:
        return -1, ""
    found = re.fullmatch(CURSOR, text)
    if found is None:
        raise Refusal(400, f"{text[:60]!r} is no cursor", "cursor", "`<at> <id>` of the last event read")
    at, name = found.groups()
    return int(at), str(name)


def share_in(request: Request) -> float:
    text = given(request, "sample")
    if text is None:
        return DEFAULT_SAMPLE
    if not SHARE.fullmatch(text) or not float(text) <= 1:
        raise Refusal(400, f"{text[:60]!r} is no share", "sample", "from 0 to 1")
    return float(text)
