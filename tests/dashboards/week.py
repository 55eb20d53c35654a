"""Two weeks of data, so that each of seven days has its day of the week before: made once, and kept in .cache/.

A sample every ten minutes is what a minute of work makes of it; Prometheus looks back eleven minutes for it, and Grafana's
`$__rate_interval` is four of them.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.samples import Sample

from gateway.telemetry.catalogue import unit_of
from tests.dashboards.asking import Window
from tests.dashboards.lived import evaluation_samples, gateway_samples
from tests.dashboards.tools import has_newer_prometheus
from tests.support.prometheus import Prometheus, prometheus
from tests.support.stack import ROOT, Stack, run, stack_of

DAY = 86_400
SPACING = 600
WEEKS_OF_DATA = 2
SAMPLES = WEEKS_OF_DATA * 7 * DAY // SPACING
RELEASED, RELOADED = (
    SAMPLES - 3 * DAY // SPACING,
    SAMPLES - 2 * DAY // SPACING,
)  # when a version came, and when rules
TROUBLE = range(SAMPLES - DAY // SPACING, SAMPLES - DAY // SPACING + 6)  # an hour of yesterday
HERE = Path(__file__).parent
MADE_OF = [HERE / "week.py", HERE / "lived.py", *sorted((ROOT / "gateway/telemetry").glob("*.py")), ROOT / "deploy/demo/evaluation/metrics.py"]  # fmt: skip
LOOKBACK = ("--query.lookback-delta=11m", "--storage.tsdb.retention.time=100y")
RARE = 10  # a counter that is no higher is of what happens some times a day
CORES = 0.04  # of a process
STEADY = ("gateway_rules_generation", "memory_total_bytes", "process_max_fds")
BOUNDED = ("_ratio", "_percent")
At = Callable[[int], float | None]


@dataclass(frozen=True)
class Week:
    prometheus: Prometheus
    window: Window


@asynccontextmanager
async def week(folder: Path) -> AsyncIterator[Week]:
    """Serve the data by the newest Prometheus that there is, until the block ends; `folder` is for this run alone."""
    stack = stack_of("newer" if has_newer_prometheus() else "older")
    made = blocks(stack)
    end = int((made / "end").read_text("utf-8"))
    shutil.copytree(made / "tsdb", folder / "tsdb")
    window = Window(end - 7 * DAY, end, SPACING, f"{4 * SPACING}s")
    async with prometheus(folder, "{}", binary=stack.prometheus, options=LOOKBACK) as served:
        yield Week(served, window)


def blocks(stack: Stack) -> Path:
    """Return the folder with the data, made anew where what it is made of has changed."""
    key = hashlib.sha256(b"".join(path.read_bytes() for path in MADE_OF)).hexdigest()[:16]
    made = ROOT / ".cache/dashboards" / f"week-{key}"
    if made.exists():
        return made
    new = made.with_name(f"{made.name}.{os.getpid()}")
    new.mkdir(parents=True)
    end = int(time.time()) // SPACING * SPACING
    text = new / "samples"
    with text.open("w", encoding="utf-8") as file:
        for name, labels, at in every_series(end):
            file.writelines(lines(name, labels, at, end))
        file.write("# EOF\n")
    # Blocks of two hours, as by default, would each read all of the text again.
    code, said = run(stack.promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=336h", str(text), str(new / "tsdb"))  # fmt: skip
    assert code == 0, said
    text.unlink()
    (new / "end").write_text(str(end), "utf-8")
    for old in made.parent.glob("week-*"):
        if old not in (made, new):
            shutil.rmtree(old, ignore_errors=True)
    new.rename(made)
    return made


def lines(name: str, labels: Mapping[str, str], at: At, end: int) -> Iterator[str]:
    """Yield the samples of a series as OpenMetrics."""
    written = ",".join(f'{label}="{value}"' for label, value in labels.items())
    for number in range(SAMPLES):
        value = at(number)
        if value is not None:
            yield f"{name}{{{written}}} {value:.9g} {moment(number, end)}\n"


def moment(number: int, end: int) -> int:
    return end - (SAMPLES - 1 - number) * SPACING


def busy(number: int) -> float:
    """Return how busy an hour is, 1 on average: days more than nights, this week more than the last."""
    return (1 + 0.6 * math.sin(2 * math.pi * number * SPACING / DAY)) * (
        0.9 if number < SAMPLES // 2 else 1.1
    )


GROWN = [0.0]
for _number in range(SAMPLES):
    GROWN.append(GROWN[-1] + busy(_number))


def every_series(end: int) -> Iterator[tuple[str, dict[str, str], At]]:
    """Yield each series with its labels and its value at each sample, None where it has none."""
    for replica in range(2):
        instance = {"job": "gateway", "instance": f"gateway-{replica}:9096"}
        yield "up", instance, constant(1)
        for sample in gateway_samples(replica):
            yield from of_sample(sample, instance, end)
        yield from versions_and_rules(instance, end)
    instance = {"job": "causal-eval", "instance": "causal-eval:8000"}
    yield "up", instance, constant(1)
    for sample in evaluation_samples(0):
        yield from of_sample(sample, instance, end)
    yield from recorded()
    for alert, severity in (
        ("GatewayPagesLate", "critical"),
        ("HighErrorRate", "critical"),
        ("GatewayReplicaDown", "warning"),
    ):
        labels = {"alertname": alert, "alertstate": "firing", "severity": severity}
        yield "ALERTS", labels, lambda number: 1.0 if number in TROUBLE else None
    yield "ALERTS", {"alertname": "Watchdog", "alertstate": "firing", "severity": "none"}, constant(1)


def of_sample(
    sample: Sample, instance: Mapping[str, str], end: int
) -> Iterator[tuple[str, dict[str, str], At]]:
    """Yield the series of a sample; those of a version end when the next one comes."""
    labels = {**instance, **sample.labels}
    if sample.name in ("gateway_build_info", "gateway_rules_loaded_timestamp_seconds"):
        return
    if "version" in labels:
        yield sample.name, {**labels, "version": "0.9.0"}, part(0, RELEASED, grown(sample.value))
        yield sample.name, labels, part(RELEASED, SAMPLES, grown(sample.value))
    elif sample.name.endswith(("_bucket", "_sum", "_count", "_total")):
        yield sample.name, labels, counted(sample)
    else:
        yield sample.name, labels, moving(sample, end)


def counted(sample: Sample) -> At:
    if sample.name == "process_cpu_seconds_total":
        return lambda number: CORES * SPACING * GROWN[number]
    if sample.name.endswith("_total") and sample.value <= RARE:
        return lambda number: sample.value * GROWN[number] // 200
    return grown(sample.value)


def moving(sample: Sample, end: int) -> At:
    """Return a gauge that goes up and down with the day, unless it is a time, or stays as it is."""
    name, value = sample.name, sample.value
    if name == "gateway_identity_residue":  # the books of a gateway that has not really lived do not balance
        return constant(0)
    if name == "process_start_time_seconds":
        return lambda number: moment(0 if number < RELEASED else RELEASED, end)
    if name.endswith("_timestamp_seconds"):
        return lambda number: moment(number, end) - 45
    if value in (0, 1) or name in STEADY or sample.labels.get("what") == "limit":
        return constant(value)
    if name.endswith(BOUNDED):
        return lambda number: value * (0.97 + 0.02 * busy(number))
    if unit_of(name) == "count":
        return lambda number: float(round(value * (0.4 + 0.6 * busy(number))))
    return lambda number: value * (0.4 + 0.6 * busy(number))


def versions_and_rules(instance: Mapping[str, str], end: int) -> Iterator[tuple[str, dict[str, str], At]]:
    for since, until, version in ((0, RELEASED, "0.1.0"), (RELEASED, SAMPLES, "0.2.0")):
        labels = {**instance, "version": version, "python": "3.11.2"}
        yield "gateway_build_info", labels, part(since, until, constant(1))
    for since, until, revision in ((0, RELOADED, "1f0c2a"), (RELOADED, SAMPLES, "9c1d4e")):
        labels = {**instance, "revision": revision}
        yield (
            "gateway_rules_loaded_timestamp_seconds",
            labels,
            part(since, until, constant(moment(since, end))),
        )


def recorded() -> Iterator[tuple[str, dict[str, str], At]]:
    """Yield what the recording rules make."""
    job = {"job": "gateway"}
    figures = {
        "sli_availability_ratio": 1.0,
        "sli_page_ratio": 1.0,
        "sli_latency_seconds": 0.03,
        "sli_error_rate_ratio": 0.0,
    }
    in_trouble = {
        "sli_availability_ratio": 0.97,
        "sli_page_ratio": 0.9,
        "sli_latency_seconds": 0.4,
        "sli_error_rate_ratio": 0.03,
    }
    figures |= {
        "sli_mtta_seconds": 190.0,
        "sli_mttr_seconds": 2_400.0,
        "sli_mtbf_seconds": 260_000.0,
        "sli_precision_ratio": 0.82,
    }
    for name, value in figures.items():
        yield name, job, varied(value, in_trouble.get(name, value))
    for name, trouble in (("downtime", 0.0), ("errors", 0.02), ("slow", 0.1), ("pages", 0.01)):
        yield f"slo:{name}:ratio", {**job, "window": "1h"}, varied(0.0002, trouble)
    for slo, left in (("availability", 0.74), ("errors", 0.74), ("latency", 0.91), ("pages", 0.38)):
        yield "slo:error_budget_left:ratio", {**job, "slo": slo}, varied(left, left)


def varied(value: float, in_trouble: float) -> At:
    def at(number: int) -> float:
        if number in TROUBLE:
            return in_trouble
        return value if value == 1 else value * (0.9 + 0.1 * busy(number))

    return at


def grown(value: float) -> At:
    """Return a counter that grows by about `value` every five minutes, by the same whole factor for each bucket of a histogram."""
    return lambda number: value * round(2 * GROWN[number])


def constant(value: float) -> At:
    return lambda _: value


def part(since: int, until: int, at: At) -> At:
    return lambda number: at(number) if since <= number < until else None
