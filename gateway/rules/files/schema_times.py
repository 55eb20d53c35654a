"""The JSON Schema of time intervals and of maintenance windows."""

from __future__ import annotations

from gateway.rules.files.schema_values import RULE, TEXT, Schema, object_of

TIMES: Schema = {"start_time": {"type": "string"}, "end_time": {"type": "string"}}
ANY_LIST: Schema = {"type": "array", "items": {"type": ["string", "integer"]}}
INTERVAL = object_of(
    {
        "times": {"type": "array", "items": object_of(TIMES, "start_time", "end_time")},
        "weekdays": ANY_LIST,
        "days_of_month": ANY_LIST,
        "months": ANY_LIST,
        "years": ANY_LIST,
        "location": TEXT,
    }
)
TIME_INTERVAL = object_of(
    {"name": TEXT, "time_intervals": {"type": "array", "items": INTERVAL}}, "name", "time_intervals"
)
MOMENT: Schema = {"type": "string", "format": "date-time"}
MAINTENANCE = object_of({**RULE, "start": MOMENT, "end": MOMENT}, "name")
