"""Report what nobody could be told of, as alerts of our own that go to other destinations."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.incident import UnheardAlert
from gateway.model.own_alert import DELIVERY_FAILING, LAST_RESORT, OWN_SUBJECT
from gateway.ports import Report

MOST_NAMED = 10  # alerts of our own at once, each about one name and reason


def report_unheard(report: Report, unheard: Sequence[UnheardAlert]) -> None:
    """Report each name and reason of alerts that nobody could be told of.

    The destinations that were tried are named, so that the report goes elsewhere where there is an elsewhere.
    `unheard` has the urgent ones first.
    """
    # A report about this report would say nothing new, and neither would one about the destination that
    # fails, where what it was not told is named: the heartbeat is the resort after this one.
    groups: dict[tuple[str, str], list[UnheardAlert]] = {}
    for alert in unheard:
        if not alert.last_resort:
            groups.setdefault((alert.name, alert.reason), []).append(alert)
    named = [group for group in groups if group[0] != DELIVERY_FAILING] or list(groups)
    for name, reason in named[:MOST_NAMED]:
        alerts = groups[name, reason]
        tried = sorted({destination for alert in alerts for destination in alert.destinations})
        labels = {"alert": name, "reason": reason}
        because = "; ".join(dict.fromkeys(alert.because for alert in alerts))
        report(
            LAST_RESORT,
            labels | ({OWN_SUBJECT: ",".join(tried)} if tried else {}),
            f"{name} reached nobody ({because}).",
        )
    if len(named) > MOST_NAMED or not unheard:
        # More than anybody reads one by one; or a version before has found it, which keeps no names.
        report(LAST_RESORT, {})
