"""What a title names: the thing that is broken, and not the exporter that says so.

The label sets have the shapes that the scrapes of widely used exporters have, each with and without `honor_labels`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.delivery.addresses import without_port
from gateway.decisions.delivery.thing import in_reading_order, place_of, thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.model.rules.rulebook import LabelRules
from tests.decisions.cases import alert

RULES = LabelRules()

KSM = {
    "job": "kube-state-metrics",
    "service": "kps-kube-state-metrics",
    "endpoint": "http",
    "instance": "10.4.0.9:8080",
}
KSM_POD = {
    "pod": "kps-kube-state-metrics-7d5-x2x",
    "container": "kube-state-metrics",
    "namespace": "monitoring",
}
NODE_EXPORTER = {
    "job": "node-exporter", "service": "kps-prometheus-node-exporter", "endpoint": "http-metrics", "namespace": "monitoring",
    "pod": "kps-prometheus-node-exporter-8k2", "container": "node-exporter", "instance": "192.0.2.7:9100",
}  # fmt: skip
KUBELET = {
    "job": "kubelet",
    "service": "kps-kubelet",
    "endpoint": "https-metrics",
    "instance": "192.0.2.7:10250",
    "metrics_path": "/metrics/cadvisor",
}
BLACKBOX = {
    "job": "blackbox",
    "service": "prometheus-blackbox-exporter",
    "namespace": "monitoring",
    "pod": "prometheus-blackbox-exporter-6f",
    "container": "blackbox-exporter",
}

INVOICES = {
    "job": "invoice-exporter",
    "service": "invoice-exporter",
    "endpoint": "http",
    "namespace": "shop",
    "pod": "invoice-exporter-6d-x",
    "container": "invoice-exporter",
}


@pytest.mark.parametrize(
    ("labels", "thing"),
    [
        # kube-state-metrics
        pytest.param({**KSM, "namespace": "shop", "pod": "cart-7d9-x", "container": "cart", "uid": "0e3c"}, "shop/cart-7d9-x", id="a pod, labels honoured"),
        pytest.param({**KSM, **KSM_POD, "exported_namespace": "shop", "exported_pod": "cart-7d9-x", "exported_container": "cart"}, "shop/cart-7d9-x", id="a pod, labels not honoured"),
        pytest.param({**KSM, **KSM_POD, "namespace": "shop", "deployment": "cart"}, "shop/cart", id="a deployment, labels honoured"),
        pytest.param({**KSM, **KSM_POD, "exported_namespace": "shop", "deployment": "cart"}, "shop/cart", id="a deployment, labels not honoured"),
        pytest.param({**KSM, "namespace": "shop", "horizontalpodautoscaler": "cart"}, "shop/cart", id="an autoscaler"),
        pytest.param({**KSM, **KSM_POD, "node": "n7", "condition": "Ready", "cluster": "eu"}, "eu/n7", id="a node is in no namespace"),
        pytest.param({**KSM, "namespace": "ops", "job_name": "backup-281", "cluster": "eu"}, "ops/backup-281", id="a job of Kubernetes"),
        pytest.param({**KSM, "namespace": "monitoring", "daemonset": "kps-node-exporter"}, "monitoring/kps-node-exporter", id="another exporter is what is ill"),
        pytest.param({**KSM, "namespace": "monitoring", "pod": "kps-node-exporter-8k2", "container": "node-exporter"}, "monitoring/kps-node-exporter-8k2", id="another exporter's pod"),
        pytest.param({**KSM, **KSM_POD}, "monitoring/kps-kube-state-metrics-7d5-x2x", id="the exporter itself"),
        pytest.param({"job": "kube-state-metrics", "namespace": "monitoring", "service": "kps-kube-state-metrics"}, "monitoring/kps-kube-state-metrics", id="a target that is down"),
        pytest.param({"job": "kube-state-metrics"}, "kube-state-metrics", id="a job that has vanished"),
        pytest.param({"job": "kubernetes-service-endpoints", "service": "prometheus-kube-state-metrics", "namespace": "db", "statefulset": "pg"}, "db/pg", id="named by its service alone"),
        # node-exporter
        pytest.param({**NODE_EXPORTER, "cluster": "eu"}, "eu/192.0.2.7", id="a machine by its address"),
        pytest.param({**NODE_EXPORTER, "node": "n7", "mountpoint": "/var", "device": "/dev/sda1", "fstype": "ext4"}, "n7 /var (/dev/sda1)", id="a file system is behind its machine"),
        pytest.param({"job": "node", "instance": "n7.example:9100", "device": "eth0"}, "n7.example eth0", id="an interface"),
        pytest.param({"job": "integrations/node_exporter", "instance": "n7", "mountpoint": "/"}, "n7 /", id="a mountpoint alone"),
        pytest.param({"device": "sda"}, "sda", id="a device without a machine"),
        # cadvisor and the kubelet
        pytest.param({**KUBELET, "namespace": "shop", "pod": "cart-1", "container": "cart", "node": "n7"}, "shop/cart-1", id="a container's pod"),
        pytest.param({**KUBELET, "namespace": "kube-system", "node": "n7", "cluster": "eu"}, "eu/n7", id="a kubelet's node"),
        pytest.param({**KUBELET, "namespace": "db", "persistentvolumeclaim": "data-pg-0"}, "db/data-pg-0", id="a volume claim"),
        # blackbox, databases, pushes
        pytest.param({**BLACKBOX, "instance": "https://shop.example/health", "cluster": "eu"}, "https://shop.example/health", id="a probed address says itself where it is"),
        pytest.param({"job": "blackbox", "service": "cart", "namespace": "shop", "instance": "cart.shop:8080"}, "shop/cart", id="a probed service"),
        pytest.param({"job": "redis-exporter", "namespace": "shop", "pod": "redis-cart-0", "container": "redis-exporter"}, "shop/redis-cart-0", id="a sidecar's pod is the database"),
        pytest.param({"job": "mysqld_exporter", "instance": "db1:9104", "cluster": "eu"}, "eu/db1", id="a database by its host"),
        pytest.param({"job": "pushgateway", "instance": "10.0.0.5:9091", "exported_job": "nightly-backup"}, "nightly-backup", id="a push that is not honoured"),
        pytest.param({"job": "invoice-exporter", "namespace": "books", "pod": "invoice-exporter-5f", "container": "invoice-exporter"}, "books/invoice-exporter-5f", id="an application that is only called so"),
        # no exporter
        pytest.param({"job": "checkout", "service": "checkout", "namespace": "shop", "instance": "10.0.0.1:80", "endpoint": "http"}, "shop/checkout", id="a service"),
        pytest.param({"job": "checkout", "instance": "10.0.0.1:80"}, "10.0.0.1", id="an instance goes before its job"),
        pytest.param({"exported_pod": "a", "pod": "b"}, "a", id="the metric's own pod"),
        pytest.param({"prometheus": "monitoring/k8s", "uid": "0e3c"}, "monitoring/k8s", id="at last the Prometheus, and never an id"),
        pytest.param({"namespace": "shop", "cluster": "eu"}, "shop", id="a namespace alone"),
        pytest.param({"uid": "0e3c"}, "", id="nothing to name"),
    ],
)  # fmt: skip
def test_the_thing_of_an_alert(labels: dict[str, str], thing: str) -> None:
    # Alertmanager sends labels in the order of their names.
    assert str(thing_of(dict(sorted(labels.items())), RULES)) == thing


def test_the_rules_name_labels_that_go_before_the_built_in_ones() -> None:
    rules = LabelRules(thing=("queue", "pod"))
    assert str(thing_of({"queue": "mails", "pod": "rabbit-0"}, rules)) == "mails"
    assert (
        str(thing_of({**KSM, **KSM_POD, "deployment": "cart", "exported_namespace": "shop"}, rules))
        == "shop/cart"
    )


def test_the_service_is_named_by_the_labels_that_the_rules_say() -> None:
    assert (
        str(thing_of({"component": "search", "instance": "h:1"}, LabelRules(service=("component",))))
        == "search"
    )


def test_where_it_is_without_what_the_exporter_says() -> None:
    labels = {**KSM, **KSM_POD, "exported_namespace": "shop", "exported_pod": "cart-1", "cluster": "eu"}
    assert place_of(labels, thing_of(labels, RULES).passed_over, RULES) == {
        "cluster": "eu",
        "namespace": "shop",
    }


@pytest.mark.parametrize(
    ("labels", "thing"),
    [
        # an exporter that is ill itself, or whose name alone is like one
        pytest.param(
            {**INVOICES, "instance": "10.244.3.17:8080"},
            "shop/invoice-exporter-6d-x",
            id="an application that is only called so, by its pod and not by the pod's address",
        ),
        pytest.param(
            {**INVOICES, "instance": "[fd00::17]:8080"},
            "shop/invoice-exporter-6d-x",
            id="such an application at an IPv6 address",
        ),
        pytest.param(
            {
                "job": "postgres-exporter",
                "namespace": "db",
                "service": "postgres-exporter",
                "instance": "10.244.3.18:9187",
            },
            "db/postgres-exporter",
            id="an exporter that is down, by its service",
        ),
        pytest.param(
            {"job": "mysqld_exporter", "instance": "10.0.3.4:9104", "cluster": "eu"},
            "eu/10.0.3.4",
            id="a database's host by its address",
        ),
        pytest.param(
            {"job": "smartctl-exporter", "instance": "10.0.0.7:9633", "device": "sda"},
            "10.0.0.7 sda",
            id="a disk behind the address of its machine",
        ),
        pytest.param(
            {
                **INVOICES,
                "job": "snmp-exporter",
                "pod": "snmp-exporter-5f",
                "service": "snmp-exporter",
                "container": "snmp-exporter",
                "instance": "192.0.2.40",
            },
            "192.0.2.40",
            id="a switch that an exporter asked",
        ),
        pytest.param(
            {**KSM, **KSM_POD, "prometheus": "monitoring/k8s"},
            "monitoring/kps-kube-state-metrics-7d5-x2x",
            id="the exporter itself, and not who scraped it",
        ),
        pytest.param(
            {**KSM, **KSM_POD, "exported_namespace": "shop"},
            "shop",
            id="a namespace that an exporter counts in",
        ),
        # volumes
        pytest.param(
            {
                **KUBELET,
                "namespace": "shop",
                "persistentvolumeclaim": "data-0",
                "node": "n1",
                "cluster": "prod",
            },
            "shop/data-0",
            id="a claim before the machine that it is mounted at",
        ),
        pytest.param(
            {
                **KUBELET,
                "namespace": "kube-system",
                "exported_namespace": "shop",
                "persistentvolumeclaim": "data-0",
                "node": "n1",
            },
            "shop/data-0",
            id="a claim, labels not honoured",
        ),
        pytest.param(
            {**KUBELET, "namespace": "shop", "pod": "pg-0", "persistentvolumeclaim": "data-0", "node": "n1"},
            "shop/pg-0",
            id="a pod before its claim",
        ),
        pytest.param(
            {"persistentvolumeclaim": "data-0", "node": "n1"}, "n1", id="a claim of nobody knows where"
        ),
        # what was scraped beside what it speaks of
        pytest.param(
            {
                "job": "traefik",
                "pod": "traefik-1",
                "namespace": "ingress",
                "exported_namespace": "shop",
                "exported_service": "cart",
            },
            "ingress/traefik-1",
            id="a scraped pod is in its own namespace",
        ),
        pytest.param(
            {
                "job": "traefik",
                "service": "traefik",
                "namespace": "ingress",
                "exported_namespace": "shop",
                "exported_service": "cart",
            },
            "shop/cart",
            id="a metric's service is in the metric's namespace",
        ),
        pytest.param(
            {
                "job": "envoy",
                "service": "envoy",
                "namespace": "mesh",
                "exported_service": "cart",
                "cluster": "eu",
            },
            "eu/cart",
            id="a metric's service is not in the namespace of what was scraped",
        ),
        pytest.param(
            {
                "job": "kubernetes-service-endpoints",
                "service": "prometheus-kube-state-metrics",
                "namespace": "monitoring",
                "exported_namespace": "shop",
                "pod": "cart-1",
            },
            "shop/cart-1",
            id="an exporter's pod label is the metric's",
        ),
    ],
)
def test_the_thing_and_its_namespace_are_of_one_object(labels: dict[str, str], thing: str) -> None:
    assert str(thing_of(dict(sorted(labels.items())), RULES)) == thing


@pytest.mark.parametrize(
    ("beside", "place"),
    [
        pytest.param(
            {"pod": "traefik-1"}, {"namespace": "ingress", "service": "traefik"}, id="a scraped pod"
        ),
        pytest.param({}, {"namespace": "shop", "service": "cart"}, id="the service of which it speaks"),
    ],
)
def test_where_it_is_agrees_with_the_title(beside: dict[str, str], place: dict[str, str]) -> None:
    scraped = {"job": "traefik", "service": "traefik", "namespace": "ingress"}
    labels = {**scraped, "exported_namespace": "shop", "exported_service": "cart", **beside}
    what = what_and_where([(alert("Slow", **labels), thing_of(labels, RULES), True)], RULES)
    assert what["place"] == place


def test_claims_of_one_namespace_are_told_apart() -> None:
    alerts = [
        alert("Filling", job="kubelet", namespace="shop", node="n1", persistentvolumeclaim=claim)
        for claim in ("data-0", "data-1", "logs")
    ]
    what = what_and_where([(each, thing_of(each.labels, RULES), True) for each in alerts], RULES)
    assert what["title"] == "Filling ×3 · shop/data-0, data-1, logs"
    assert what["place"] == {"namespace": "shop"}


def test_what_people_know_stands_before_ids() -> None:
    labels = {
        "beta_kubernetes_io_arch": "amd64",
        "cluster": "eu",
        "container_id": "c",
        "id": "/k",
        "instance": "10.0.3.7",
        "job": "kubelet",
        "pod": "cart",
        "reason": "Evicted",
    }
    order = in_reading_order(labels, frozenset({"job"}), RULES)
    assert list(order) == [
        "cluster",
        "pod",
        "instance",
        "reason",
        "beta_kubernetes_io_arch",
        "container_id",
        "id",
        "job",
    ]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("10.0.0.1:9100", "10.0.0.1"), ("[2001:db8::7]:9100", "2001:db8::7"), ("2001:db8::7", "2001:db8::7"), ("n7", "n7"),
        ("https://shop.example:8443", "https://shop.example:8443"), ("arn:aws:sqs:eu:100:jobs", "arn:aws:sqs:eu:100:jobs"),
    ],
)  # fmt: skip
def test_a_port_says_nothing_to_people(address: str, host: str) -> None:
    assert without_port(address) == host


NAMES = st.sampled_from(
    [
        "job",
        "service",
        "pod",
        "container",
        "namespace",
        "exported_pod",
        "instance",
        "node",
        "device",
        "mountpoint",
        "x",
    ]
)


@given(
    st.dictionaries(
        NAMES,
        st.one_of(
            st.text(max_size=20), st.sampled_from(["node-exporter", "kube-state-metrics", "a_exporter"])
        ),
    )
)
def test_any_labels_have_an_order_and_a_thing(labels: dict[str, str]) -> None:
    thing = thing_of(labels, RULES)
    assert sorted(in_reading_order(labels, thing.passed_over, RULES)) == sorted(labels)
    assert str(thing) or not any(
        labels.get(name, "").strip() for name in ("pod", "node", "instance", "service", "job")
    )
