"""What a report is asked for: a window, an instant up to which events count, and how rows are cut."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from gateway.model.durations import DAY
from gateway.model.instants import MAX_INSTANT
from gateway.model.statistics.settings import MAX_CUTOFF
from gateway.model.statistics.zones import zone_named

By = Literal[
    "none", "alertname", "correlate_rule", "route", "team", "destination", "service", "severity", "hour",
    "person",
]  # fmt: skip
Bucket = Literal["none", "day", "week"]
DEFAULT_SPAN = 28 * DAY
DEFAULT_SAMPLE = 0.1
MAX_BUCKETED = 3660 * DAY
LAST_INSTANT = MAX_INSTANT - 30 * DAY  # so that the last bucket and its zone's clock still have a date


class BadRequest(ValueError):
    """A report that cannot be made; the text is for whoever asked."""


class Viewer(msgspec.Struct, frozen=True, gc=False):
    """Whoever reads the report. `person` is the pseudonym of a known person, None for anybody else."""

    person: str | None = None
    administers: bool = False


class StatisticsRequest(msgspec.Struct, frozen=True, gc=False, rename={"from_": "from"}):
    """The window is from `from` up to and without `to`; events with `at` up to and with `as_of` count (ms).

    A `cutoff` of None is that of the settings in force.
    """

    from_: int
    to: int
    as_of: int
    tz: str = "UTC"
    by: By = "none"
    bucket: Bucket = "none"
    cutoff: int | None = None
    sample: float = DEFAULT_SAMPLE
    viewer: Viewer = Viewer()


def asked(
    now: int,
    *,
    from_: int | None = None,
    to: int | None = None,
    as_of: int | None = None,
    tz: str = "UTC",
    by: str = "none",
    bucket: str = "none",
    cutoff: int | None = None,
    sample: float = DEFAULT_SAMPLE,
    viewer: Viewer = Viewer(),  # noqa: B008 - a frozen value
) -> StatisticsRequest:
    """Return the request with its defaults. Raises `BadRequest` where no report can be made of it."""
    to = now if to is None else to
    from_ = to - DEFAULT_SPAN if from_ is None else from_
    as_of = now if as_of is None else as_of
    if not 0 <= from_ < to <= LAST_INSTANT:
        raise BadRequest("`from` has to be before `to`")
    if bucket != "none" and to - from_ > MAX_BUCKETED:
        raise BadRequest("with a `bucket`, at most ten years can be asked for")
    if as_of < from_:
        raise BadRequest("`as_of` has to be at `from` or later")
    if by not in get_args(By):
        raise BadRequest(f"`by` is one of {', '.join(get_args(By))}")
    if bucket not in get_args(Bucket):
        raise BadRequest(f"`bucket` is one of {', '.join(get_args(Bucket))}")
    if zone_named(tz) is None:
        raise BadRequest(f"`{tz[:60]}` is no time zone: write it like Europe/Berlin")
    if cutoff is not None and not 0 <= cutoff <= MAX_CUTOFF:
        raise BadRequest("`cutoff` is at most 60d")
    if not 0 <= sample <= 1:
        raise BadRequest("`sample` is a share from 0 to 1")
    checked = {"by": by, "bucket": bucket, "tz": tz, "cutoff": cutoff, "sample": sample}
    return msgspec.convert(
        {"from": from_, "to": to, "as_of": as_of, **checked, "viewer": msgspec.to_builtins(viewer)},
        StatisticsRequest,
    )
