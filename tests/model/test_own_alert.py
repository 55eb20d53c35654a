"""An alert of the gateway's own is observed like anybody's."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from gateway.model.alert import Copy
from gateway.model.own_alert import DOCS, LAST_RESORT, OWN_SOURCE, RUNBOOKS, TEXTS, OwnAlert
from gateway.model.severity import Severity
from tests.support.build import START

FAILING = OwnAlert("GatewayDeliveryFailing", {"destination": "chat"})


def test_by_its_name_and_labels_an_own_alert_is_the_same_again() -> None:
    again = OwnAlert("GatewayDeliveryFailing", {"destination": "chat"}, "It is said with other words.")
    other = OwnAlert("GatewayDeliveryFailing", {"destination": "pager"})
    assert (again.identity, again.copy) == (FAILING.identity, FAILING.copy)
    assert other.identity != FAILING.identity


def test_an_own_alert_comes_from_a_source_that_no_other_can_be() -> None:
    observed = FAILING.observed(START, firing=True)
    assert observed.copy.startswith(OWN_SOURCE)
    assert (observed.source, observed.labels["service"], observed.severity) == (
        "gateway",
        "alert-gateway",
        Severity.ERROR,
    )
    assert observed.annotations["summary"] == "Notifications cannot be delivered to chat"


@pytest.mark.parametrize(
    ("firing", "ends_at"),
    [
        pytest.param(True, None, id="while it fires it has no end"),
        pytest.param(False, START, id="its end is now"),
    ],
)
def test_when_an_own_alert_begins_and_ends(firing: bool, ends_at: int | None) -> None:
    observed = FAILING.observed(START, firing=firing)
    assert (observed.firing, observed.starts_at, observed.ends_at) == (firing, START, ends_at)


@pytest.mark.parametrize(
    ("copies", "fires"),
    [
        pytest.param({FAILING.copy: Copy(True, START)}, True, id="its copy fires"),
        pytest.param({FAILING.copy: Copy(False, START, START + 1)}, False, id="its copy has ended"),
        pytest.param({"default/1": Copy(True, START)}, False, id="only somebody else's copy fires"),
    ],
)
def test_an_own_alert_fires_by_its_own_copy(copies: dict[str, Copy], fires: bool) -> None:
    assert FAILING.fires(copies) is fires


def test_what_was_turned_away_is_as_bad_as_its_labels_say() -> None:
    labels = {"source": "eu", "reason": "malformed", "severity": "critical"}
    observed = OwnAlert("GatewayTurnedAway", labels, "Source eu sends alerts that cannot be read.").observed(
        START, firing=True
    )
    assert observed.severity is Severity.CRITICAL
    assert (
        observed.annotations["summary"]
        == "What source eu sends is turned away (malformed) and reaches nobody"
    )
    assert observed.annotations["description"].startswith("Source eu sends alerts that cannot be read. ")


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_details_stand_before_what_every_such_alert_says(name: str) -> None:
    _, summary, description = TEXTS[name]
    named = [
        field for text in (summary, description) for _, field, _, _ in string.Formatter().parse(text) if field
    ]
    alert = OwnAlert(name, dict.fromkeys(named, "value"), "These are the details.")
    said = alert.observed(START, firing=True).annotations
    assert said["description"].startswith("These are the details. ")
    assert "{" not in said["summary"] + said["description"]


def test_a_report_of_a_version_before_that_names_no_alert_has_a_text_too() -> None:
    """Both versions write their reports into one row while they run side by side."""
    observed = OwnAlert(LAST_RESORT, {}).observed(START, firing=True)
    assert observed.annotations["summary"] == "Nobody could be told of some alerts (the log says why)"
    assert set(observed.labels) == {"alertname", "severity", "service"}
    named = OwnAlert(LAST_RESORT, {"alert": "Down", "reason": "dead_letter"}, "chat: token_revoked.")
    annotations = named.observed(START, firing=True).annotations
    assert annotations["summary"] == "Nobody could be told of Down (dead_letter)"
    assert annotations["description"].startswith("chat: token_revoked. /health")


@pytest.mark.parametrize("name", TEXTS)
def test_each_own_alert_leads_to_what_to_do_about_it(name: str) -> None:
    page = (Path(__file__).parents[2] / DOCS / RUNBOOKS).read_text("utf-8")
    assert f"\n## {name}\n" in page
    labels = dict.fromkeys(
        ("subject", "destination", "identity", "silence", "owner", "watchdog", "alert"), "x"
    )
    labels |= dict.fromkeys(("source", "by", "reason"), "x")
    observed = OwnAlert(name, labels).observed(START, firing=True)
    assert observed.annotations["runbook_url"] == f"docs/own-alerts.md#{name.lower()}"


@pytest.mark.parametrize("docs_url", ["https://git.example.org/docs", "https://git.example.org/docs/"])
def test_where_the_docs_have_an_address_an_own_alert_has_a_link(docs_url: str) -> None:
    observed = FAILING.observed(START, firing=True, docs_url=docs_url)
    link = "https://git.example.org/docs/own-alerts.md#gatewaydeliveryfailing"
    assert observed.annotations["runbook_url"] == link
