"""What nobody could be told of is reported by name and reason, and not where it could not be told."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.incident import UnheardAlert
from gateway.self_monitoring.last_resort import MOST_NAMED, report_unheard

REVOKED = "chat: token_revoked"


def reported(*unheard: UnheardAlert) -> list[tuple[dict[str, str], str]]:
    found: list[tuple[dict[str, str], str]] = []

    def report(name: str, labels: Mapping[str, str], details: str = "", /) -> None:
        assert name == "GatewayUnheard"
        found.append((dict(labels), details))

    report_unheard(report, unheard)
    return found


def test_a_name_and_a_reason_are_one_alert_of_our_own_whatever_the_incidents() -> None:
    assert reported(
        UnheardAlert("Down", "dead_letter", REVOKED, 1, ("chat",)),
        UnheardAlert("Down", "dead_letter", "pager: invalid", 4, ("pager",)),
        UnheardAlert("Down", "unrouted", "no route names a destination for it", 1),
    ) == [
        (
            {"alert": "Down", "reason": "dead_letter", "gateway_destination": "chat,pager"},
            f"Down reached nobody ({REVOKED}; pager: invalid).",
        ),
        (
            {"alert": "Down", "reason": "unrouted"},
            "Down reached nobody (no route names a destination for it).",
        ),
    ]


def test_that_the_report_reaches_nobody_is_not_reported_again() -> None:
    report = UnheardAlert("GatewayUnheard", "dead_letter", "pager: invalid", 1, ("pager",), last_resort=True)
    assert reported(report) == []


def test_another_alert_of_our_own_that_reaches_nobody_is_reported() -> None:
    silent = UnheardAlert("GatewayHeartbeatMissing", "dead_letter", REVOKED, 1, ("chat",), urgent=True)
    assert [labels["alert"] for labels, _ in reported(silent)] == ["GatewayHeartbeatMissing"]


def test_that_a_destination_fails_is_reported_where_nothing_else_was_to_be_told_there() -> None:
    failing = UnheardAlert("GatewayDeliveryFailing", "dead_letter", REVOKED, 1, ("chat",))
    down = UnheardAlert("Down", "dead_letter", REVOKED, 1, ("chat",))
    assert [labels["alert"] for labels, _ in reported(failing)] == ["GatewayDeliveryFailing"]
    assert [labels["alert"] for labels, _ in reported(down, failing)] == ["Down"]


def test_more_names_than_anybody_reads_are_one_further_alert() -> None:
    many = [UnheardAlert(f"A{number}", "dead_letter", REVOKED, 1, ("chat",)) for number in range(50)]
    found = reported(*many)
    assert [labels.get("alert") for labels, _ in found] == [f"A{number}" for number in range(MOST_NAMED)] + [
        None
    ]


def test_what_a_version_before_counts_and_does_not_name_is_reported_without_a_name() -> None:
    assert reported() == [({}, "")]
