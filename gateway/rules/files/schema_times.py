"""The JSON Schema of time intervals and of maintenance windows."""

from __future__ import annotations

from gateway.rules.files.schema_values import RULE, TEXT, Schema, described, object_of

TIMES: Schema = {
    "start_time": {"type": "string", "description": 'the first minute that belongs to it, such as "09:00"'},
    "end_time": {"type": "string", "description": 'the first minute after it, "24:00" at most'},
}
ANY_LIST: Schema = {"type": "array", "items": {"type": ["string", "integer"]}}
INTERVAL = object_of(
    {
        "times": {
            "type": "array",
            "items": object_of(TIMES, "start_time", "end_time"),
            "description": "times of the day; a night is two items, since none may wrap around",
        },
        "weekdays": described(ANY_LIST, "such as monday, or monday:friday"),
        "days_of_month": described(ANY_LIST, "such as 1, or 1:7; -1 is the last day"),
        "months": described(ANY_LIST, "such as january, 12, or may:august"),
        "years": described(ANY_LIST, "such as 2026, or 2026:2028"),
        "location": described(TEXT, "the time zone, such as Europe/Berlin; UTC unless given"),
    }
)
TIME_INTERVAL = object_of(
    {
        "name": described(TEXT, "what `during`, `not_during` and `mute` call it"),
        "time_intervals": {
            "type": "array",
            "items": INTERVAL,
            "description": "the interval is any of these; of each, all fields must hold",
        },
    },
    "name",
    "time_intervals",
)
MOMENT: Schema = {"type": "string", "format": "date-time"}
MAINTENANCE = object_of(
    {
        **RULE,
        "start": described(MOMENT, "when the work begins, with an offset: 2026-12-01T22:00:00+01:00"),
        "end": described(MOMENT, "when it ends; without an end, `during` is needed"),
    },
    "name",
)
