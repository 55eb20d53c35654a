"""What decides which service an alert names: found once for all alerts that are alike in it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.decisions.delivery.alert_subject import names_service_alike, subject_of
from gateway.model.rules.rulebook import LabelRules
from tests.decisions.cases import alert

RULES = LabelRules()
NAMES = (
    *("service", "exported_service", "app", "job", "exported_job", "pod", "exported_pod", "container"),
    *("namespace", "exported_namespace", "instance", "node", "persistentvolumeclaim", "device", "alertname"),
)
VALUES = ("shop", "db", "node-exporter", "10.0.0.7:9100", "kube-state-metrics-0", "")
LABELS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES))


@given(LABELS, st.data())
def test_alerts_that_are_alike_name_the_same_service(labels: dict[str, str], data: st.DataObject) -> None:
    others = {name: data.draw(st.sampled_from(VALUES)) for name in labels if name not in RULES.service}
    one, other = (msgspec.structs.replace(alert(), labels=given) for given in (labels, labels | others))
    alike = names_service_alike(one, RULES)
    assume(alike is not None and alike == names_service_alike(other, RULES))
    named, also = subject_of(one, RULES), subject_of(other, RULES)
    assert (named.entity.service, named.alertname) == (also.entity.service, also.alertname)


def test_pods_of_a_service_are_alike_and_two_services_are_not() -> None:
    one, pod, service = (
        alert(service="shop", pod="a"),
        alert(service="shop", pod="b"),
        alert(service="db", pod="a"),
    )
    assert names_service_alike(one, RULES) == names_service_alike(pod, RULES)
    assert names_service_alike(one, RULES) != names_service_alike(service, RULES)


def test_beside_an_exporter_and_beside_what_is_hidden_each_alert_is_looked_at() -> None:
    assert names_service_alike(alert(service="shop", job="node-exporter"), RULES) is None
    hidden = replace(RULES, redact=frozenset({"pod"}))
    assert names_service_alike(alert(service="shop", pod="a"), hidden) is None
