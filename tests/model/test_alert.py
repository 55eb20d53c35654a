"""An alert names its episodes and its sources."""

from __future__ import annotations

import pytest

from gateway.model.alert import Alert
from gateway.model.severity import Severity
from tests.support.build import START, seen


def alert(episode: int = 1, **labels: str) -> Alert:
    return Alert("a", labels, {}, Severity.WARNING, {}, episode, True, START, None, None, "", START, "", "")


def test_each_life_of_an_alert_has_a_name_of_its_own() -> None:
    assert alert(1).episode_id != alert(2).episode_id
    assert alert(2).episode_id == "a.2"


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        pytest.param({"alertname": "Down"}, "Down", id="an alert is called by its alertname"),
        pytest.param({}, "(no alertname)", id="one without is shown to have none"),
        pytest.param(
            {"alertname": "DatasourceNoData", "rulename": "Queue too long"},
            "Queue too long (DatasourceNoData)",
            id="one about missing data is called by its rule",
        ),
        pytest.param({"alertname": "DatasourceError"}, "DatasourceError", id="where it names its rule"),
        pytest.param({"alertname": "Down", "rulename": "other"}, "Down", id="any other keeps its alertname"),
    ],
)
def test_an_alert_has_a_name_for_people(labels: dict[str, str], name: str) -> None:
    assert alert(**labels).name == name


def test_an_observation_knows_its_source_by_its_copy() -> None:
    assert seen("Down").source == "default"
