"""A dashboard: rows of panels, the variables and annotations that all of them have, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards_as_code.figures import EVERY_JOB, JOB, select
from dashboards_as_code.panels import SOURCE, Panel

TAG = "alert-gateway"
STEP = "15s"  # marks lie no closer than scrapes


class Row(NamedTuple):
    """Panels under a heading, from left to right."""

    title: str
    panels: Sequence[Panel]


class Board(NamedTuple):
    """A dashboard before it is laid out.

    `versions` is a metric that every instance of what it is about has, with the label `version`. `job` is the job by which
    Prometheus knows them; without one the dashboard is about all jobs and has no choice of them.
    """

    uid: str
    title: str
    description: str
    versions: str
    rows: Sequence[Row]
    job: str = ""

    @property
    def file(self) -> str:
        return f"{self.uid}.json"


class Marks(model.AnnotationQuery):
    """An annotation of Prometheus, with what its data source reads besides the schema.

    The query stands in it twice: releases of Grafana read it at either place.
    https://github.com/grafana/grafana/blob/v11.6.0/packages/grafana-prometheus/src/annotations.ts
    """

    def __init__(
        self, name: str, colour: str, expression: str, title: str, *, at_value: bool = False
    ) -> None:
        """`title` may name labels; with `at_value` a series' value is the time (ms) that is marked."""
        super().__init__(name=name, datasource=SOURCE, icon_color=colour, expr=expression)
        self._title, self._at_value = title, at_value

    def to_json(self) -> dict[str, object]:
        asked = {"expr": self.expr, "interval": STEP, "range": True, "refId": "Anno"}
        more: dict[str, object] = {"titleFormat": self._title, "step": STEP, "target": asked}
        return super().to_json() | more | ({"useValueForTime": "on"} if self._at_value else {})


def marks(board: Board) -> tuple[Marks, Marks, Marks]:
    """Return the marks of deployments, of rule reloads, and of incidents."""
    where = JOB if board.job else EVERY_JOB
    # What is observed has no rules of its own: the gateways' rules decide what is told of it.
    reloads = where if "gateway" in board.versions else EVERY_JOB
    return _deployments(board.versions, where), _rule_reloads(reloads), _incidents()


def _deployments(versions: str, where: Mapping[str, str]) -> Marks:
    """Mark when a version begins to answer that did not in the ten minutes before."""
    before = select(versions, where, window="10m", at="offset $__interval")
    began = f"max by (version) ({select(versions, where)}) unless max by (version) (max_over_time({before}))"
    return Marks("Deployments", "blue", began, "Version {{version}}")


def _rule_reloads(where: Mapping[str, str]) -> Marks:
    loaded = f"1000 * min by (revision) ({select('gateway_rules_loaded_timestamp_seconds', where)})"
    return Marks("Rule reloads", "purple", loaded, "Rules {{revision}}", at_value=True)


def _incidents() -> Marks:
    """Mark while an alert fires that somebody is called for."""
    fires = select("ALERTS", {"alertstate": "firing", "severity": "critical"})
    return Marks("Incidents", "red", f"max by (alertname) ({fires})", "{{alertname}}")


def assembled(board: Board) -> model.Dashboard:
    """Return the dashboard with its panels laid out and numbered.

    The kit numbers nothing: panels need ids that are unique in their dashboard, beginning with 1.
    """
    made = build.Dashboard(board.title).uid(board.uid).description(board.description).tags([TAG])
    made.timezone("browser").time("now-6h", "now").refresh("1m").tooltip(
        model.DashboardCursorSync.CROSSHAIR
    ).editable()
    made.link(
        build.DashboardLink("Other dashboards")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
    )
    for row in board.rows:
        made.with_row(build.Row(row.title))
        for unplaced in row.panels:
            made.with_panel(unplaced)
    dashboard = made.build()
    dashboard.templating = model.DashboardDashboardTemplating(list_val=[*_variables(board)])
    dashboard.annotations = model.AnnotationContainer(list_val=[*marks(board)])
    for number, panel in enumerate(dashboard.panels or [], start=1):
        panel.id_val = number
    return dashboard


def _variables(board: Board) -> Iterator[model.VariableModel]:
    """Yield the choice of the data source, and that of the job."""
    made = [build.DatasourceVariable("datasource").label("Data source").type("prometheus").build()]
    if board.job:
        made.append(_job(board).build())
    for variable in made:
        # These are of variables that choose an interval; the schema has them nowhere else.
        variable.auto = variable.auto_min = variable.auto_count = None
        yield variable


def _job(board: Board) -> build.QueryVariable:
    query: dict[str, object] = {"query": f"label_values({board.versions}, job)", "refId": "job"}
    return (
        build.QueryVariable("job")
        .label("Job")
        .description("The job by which Prometheus knows them")
        .datasource(SOURCE)
        .query(query)
        .current(model.VariableOption(selected=True, text=board.job, value=board.job))
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )


def rendered(board: Board) -> str:
    """Return the dashboard's JSON, the same for the same code."""
    return json.dumps(assembled(board), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
