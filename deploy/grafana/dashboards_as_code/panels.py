"""The kinds of panels that the dashboards are made of, each with a title, a description, and a unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heatmaps
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
WEEK = "offset 1w"
LAST_WEEK = "last week"  # how the name of a series of last week ends
COLUMNS = 24
Panel = Builder[model.Panel]
Kind = TypeVar("Kind", timeseries.Panel, stat.Panel, bargauge.Panel, heatmap.Panel)


class Query(NamedTuple):
    """One query and how its series are called: `{{label}}` stands for a label's value."""

    expression: str
    legend: str


class Limit(NamedTuple):
    """From `value` on a figure has this colour."""

    value: float
    colour: str


def beside_last_week(query: Callable[[str], str], legend: str) -> tuple[Query, Query]:
    """Return a query of today and the same of a week ago; `query` makes one for an offset."""
    return Query(query(""), legend), Query(query(WEEK), f"{legend}, {LAST_WEEK}")


def lines(
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int = 8,
    stacked: bool = False,
    limits: Sequence[Limit] = (),
    least: float = 0,
    most: float | None = None,
) -> Panel:
    """Return lines over time; those of last week are grey and dashed. `limits` are drawn as lines.

    The axis begins at `least`, and below it where a line goes there.
    """
    panel = _described(timeseries.Panel(), title, description, unit, queries, width=width, height=8)
    panel.legend(_legend()).tooltip(
        common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING)
    )
    panel.fill_opacity(30 if stacked else 8).line_width(1).show_points(
        shapes.VisibilityMode.NEVER
    ).axis_soft_min(least)
    if stacked:
        panel.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL))
    if most is not None:
        panel.max(most)
    if limits:
        panel.thresholds(_steps(limits)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED)
        )
    return panel.override_by_regexp(
        f".*{LAST_WEEK}$",
        [
            model.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": "#8e8e8e"}),
            model.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [6, 4]}),
            model.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
            model.DynamicConfigValue(id_val="custom.stacking", value={"mode": "none", "group": "last week"}),
        ],
    )


def number(
    title: str,
    description: str,
    unit: str,
    expression: str,
    *,
    width: int = 3,
    limits: Sequence[Limit] = (),
    legend: str = "",
    words: dict[float, str] | None = None,
) -> Panel:
    """Return one figure of now. `words` are shown in the place of a number."""
    panel = _described(
        stat.Panel(), title, description, unit, [Query(expression, legend)], width=width, height=4
    )
    panel.graph_mode(shapes.BigValueGraphMode.AREA).color_mode(shapes.BigValueColorMode.VALUE)
    panel.reduce_options(_newest()).thresholds(_steps(limits))
    if unit == "short":
        panel.decimals(0)  # an increase is extrapolated to the edges of its window
    if words:
        options = {str(value): model.ValueMappingResult(text=text) for value, text in words.items()}
        panel.mappings([model.ValueMap(options=options)])
    return panel


def bars(
    title: str,
    description: str,
    unit: str,
    expression: str,
    legend: str,
    *,
    width: int = 8,
    limits: Sequence[Limit] = (),
    least: float = 0,
    most: float | None = None,
) -> Panel:
    """Return a bar for each series of now."""
    panel = _described(
        bargauge.Panel(), title, description, unit, [Query(expression, legend)], width=width, height=8
    )
    panel.orientation(shapes.VizOrientation.HORIZONTAL).display_mode(shapes.BarGaugeDisplayMode.BASIC)
    panel.reduce_options(_newest()).thresholds(_steps(limits)).min(least)
    return panel if most is None else panel.max(most)


def heat(title: str, description: str, expression: str, *, unit: str = "s", width: int = 8) -> Panel:
    """Return how many of what was measured fell into each bucket, as colours over time."""
    query = Query(expression, "{{le}}")
    panel = _described(
        heatmap.Panel(),
        title,
        description,
        unit,
        [query],
        width=width,
        height=8,
        kind=PromQueryFormat.HEATMAP,
    )
    panel.calculate(False).y_axis(heatmap.YAxisConfig().unit(unit))
    panel.cell_values(heatmap.CellValues().unit("cps"))
    return panel.color(
        heatmap.HeatmapColorOptions().mode(heatmaps.HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    )


def _described(
    panel: Kind,
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int,
    height: int,
    kind: PromQueryFormat = PromQueryFormat.TIME_SERIES,
) -> Kind:
    panel.title(title).description(description).datasource(SOURCE).unit(unit).span(width).height(height)
    for number_of, query in enumerate(queries):
        target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend)
        # Dots that lead from what was measured to its trace, where Prometheus keeps them; last week's traces are gone.
        target.exemplar("_bucket" in query.expression and WEEK not in query.expression)
        panel.with_target(target.ref_id(chr(ord("A") + number_of)).datasource(SOURCE).range().format(kind))
    return panel


def _steps(limits: Sequence[Limit]) -> ThresholdsConfig:
    steps = [model.Threshold(value=None, color="green"), *(model.Threshold(*limit) for limit in limits)]
    return ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _newest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
