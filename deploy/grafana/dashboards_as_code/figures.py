"""PromQL for a metric, by where its figure lives.

Every replica shows the same figure of the store, so that replicas are joined by `max`. A figure of the process is each
replica's own share, so that they are summed (docs/metrics.md). The catalogue of the gateway says which is which; what it does
not know is another program's, where every figure is of the process.

`$job` is the dashboard's variable. `at` is an offset such as `offset 1w`, which every selector of a query needs by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.telemetry.catalogue import Lives
from gateway.telemetry.metrics import Metrics

JOB = {"job": "$job"}
EVERY_JOB: Mapping[str, str] = {}
CHANGE = "$__rate_interval"  # Grafana's: at least four scrapes, so that a rate has two samples even after one that failed
_LIVES = {metric.name: metric.lives for metric in Metrics().catalogue.described}


def join(metric: str) -> str:
    """Return the operator that joins the replicas' series: `max` or `sum`."""
    return "max" if _LIVES.get(metric) is Lives.STORE else "sum"


def select(series: str, where: Mapping[str, str] = JOB, window: str = "", at: str = "") -> str:
    """Return a selector; a value that begins with `~` is a regular expression."""
    matchers = ", ".join(
        f'{label}=~"{value[1:]}"' if value.startswith("~") else f'{label}="{value}"'
        for label, value in where.items()
    )
    selector = f"{series}{{{matchers}}}" if matchers else series
    return " ".join(filter(None, (f"{selector}[{window}]" if window else selector, at)))


def rate(
    counter: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = "", window: str = CHANGE
) -> str:
    """Return how much a counter grows in a second."""
    return joined(join(counter), by, f"rate({select(counter, where, window, at)})")


def increase(
    counter: str,
    by: Sequence[str] = (),
    where: Mapping[str, str] = JOB,
    at: str = "",
    window: str = "$__range",
) -> str:
    """Return how much a counter grew in a window, as a rule that of the whole dashboard."""
    return joined(join(counter), by, f"increase({select(counter, where, window, at)})")


def level(gauge: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = "") -> str:
    """Return a gauge over all replicas."""
    return joined(join(gauge), by, select(gauge, where, at=at))


def highest(gauge: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = "") -> str:
    """Return a gauge of the replica that has the most."""
    return joined("max", by, select(gauge, where, at=at))


def lowest(gauge: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = "") -> str:
    """Return a gauge of the replica that has the least."""
    return joined("min", by, select(gauge, where, at=at))


def buckets(histogram: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = "") -> str:
    """Return the rates of a histogram's buckets, as a heatmap and a quantile want them."""
    return rate(f"{histogram}_bucket", ("le", *by), where, at)


def quantile(
    share: float, histogram: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = ""
) -> str:
    """Return a quantile. While nothing was measured there is none: `>= 0` leaves out what is not a number."""
    return f"histogram_quantile({share}, {buckets(histogram, by, where, at)}) >= 0"


def mean(measured: str, by: Sequence[str] = (), where: Mapping[str, str] = JOB, at: str = "") -> str:
    """Return the mean of a histogram or a summary; none while nothing was measured."""
    return ratio(rate(f"{measured}_sum", by, where, at), rate(f"{measured}_count", by, where, at))


def ratio(part: str, whole: str) -> str:
    """Return a share; none where the whole is nothing."""
    return f"{part} / ({whole} > 0)"


def or_none(query: str, label: str = "", at: str = "") -> str:
    """Return 0 while a scrape succeeds and the query has no series yet, as a series that is called `none`.

    A counter with labels has its first series once something happened. An empty panel would leave open whether nothing
    happened or nothing was measured.
    """
    nothing = f"0 * max({select('up', JOB, at=at)} == 1)"
    return f"{query} or on() " + (
        f'label_replace({nothing}, "{label}", "none", "", "")' if label else nothing
    )


def joined(operator: str, by: Sequence[str], query: str) -> str:
    return f"{operator} by ({', '.join(by)}) ({query})" if by else f"{operator}({query})"
