"""The plain manifests of deploy/kubernetes: they are the chart's, Kubernetes knows each of them, and deleting them keeps the state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_helm import HA
from tests.support.deploy_tools import ROOT, rendered, run, tool
from tests.support.manifests import Resource, assert_the_operator_knows, assert_valid

KUBERNETES = ROOT / "deploy/kubernetes"
DASHBOARDS = ROOT / "deploy/grafana/dashboards"
long = pytest.mark.long


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    done = run(tool("kustomize"), "build", KUBERNETES)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    return {found["metadata"]["name"]: found for found in resources if found["kind"] == kind}


def pod_of(workload: Resource) -> dict[str, Any]:
    pod: dict[str, Any] = workload["spec"]["template"]["spec"]
    return pod


# What is written once


@long
def test_the_gateway_is_the_one_of_the_chart() -> None:
    written = list(yaml.safe_load_all((KUBERNETES / "gateway.yaml").read_text("utf-8")))
    made = [found for found in yaml.safe_load_all(rendered("-f", HA).text) if found]
    assert [found for found in written if found] == made, "scripts/render-manifests writes it anew"


def test_every_dashboard_that_there_is_has_a_config_map() -> None:
    listed = yaml.safe_load((DASHBOARDS / "kustomization.yaml").read_text("utf-8"))["configMapGenerator"]
    files = [file for generated in listed for file in generated["files"]]
    assert files == sorted(path.name for path in DASHBOARDS.glob("*.json")), (
        "scripts/render-manifests lists them"
    )


# What is made of it


@long
def test_kubernetes_and_the_prometheus_operator_know_each_resource(
    resources: list[Resource], tmp_path: Path
) -> None:
    assert_valid(resources, tmp_path)


@long
@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"groups": [{"name": "a", "rule": []}]}, id="an unknown key"),
        pytest.param({"groups": [{"name": "a", "interval": "soon"}]}, id="an interval that is none"),
    ],
)
def test_what_the_operator_would_ignore_or_refuse_is_found(spec: Resource, tmp_path: Path) -> None:
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {}, "spec": spec}
    with pytest.raises(AssertionError):
        assert_the_operator_knows([rule | {"metadata": {"name": "a"}}], tmp_path)


@long
def test_three_gateways_stand_on_three_redis_with_three_sentinels(resources: list[Resource]) -> None:
    assert of_kind(resources, "Deployment")["alert-gateway"]["spec"]["replicas"] == 3
    stateful = of_kind(resources, "StatefulSet")
    assert {name: found["spec"]["replicas"] for name, found in stateful.items()} == {
        "redis": 3,
        "redis-sentinel": 3,
    }
    budgets = of_kind(resources, "PodDisruptionBudget")
    assert budgets.keys() == {"alert-gateway", *stateful}
    assert {found["spec"]["maxUnavailable"] for found in budgets.values()} == {1}


@long
def test_deleting_it_deletes_no_volume_and_no_secret(resources: list[Resource]) -> None:
    kinds = {found["kind"] for found in resources}
    assert not kinds & {"Namespace", "PersistentVolumeClaim", "PersistentVolume", "Secret"}
    for found in of_kind(resources, "StatefulSet").values():
        kept = {"whenDeleted": "Retain", "whenScaled": "Retain"}
        assert found["spec"]["persistentVolumeClaimRetentionPolicy"] == kept
        assert [claim["metadata"]["name"] for claim in found["spec"]["volumeClaimTemplates"]] == ["data"]


@long
def test_every_pod_has_no_rights_a_named_version_and_room_to_write_for_its_data_alone(
    resources: list[Resource],
) -> None:
    workloads = [*of_kind(resources, "Deployment").values(), *of_kind(resources, "StatefulSet").values()]
    for pod in map(pod_of, workloads):
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"].rpartition(":")[2] not in ("", "latest")
        assert {"limits", "requests"} <= container["resources"].keys()
        writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert writable == {"/data", "/tmp"}


@long
def test_the_store_lets_in_the_gateways_and_itself_alone(resources: list[Resource]) -> None:
    spec = of_kind(resources, "NetworkPolicy")["redis"]["spec"]
    (ingress,) = spec["ingress"]
    selected = [peer["podSelector"]["matchLabels"] for peer in ingress["from"]]
    assert selected == [{"app.kubernetes.io/name": "alert-gateway"}, {"app.kubernetes.io/name": "redis"}]
    for workload in of_kind(resources, "StatefulSet").values():
        assert (
            spec["podSelector"]["matchLabels"].items()
            <= workload["spec"]["template"]["metadata"]["labels"].items()
        )


@long
def test_the_scrape_shows_a_token_and_the_dashboards_are_those_that_are_shipped(
    resources: list[Resource],
) -> None:
    (endpoint,) = of_kind(resources, "ServiceMonitor")["alert-gateway"]["spec"]["endpoints"]
    assert endpoint["authorization"]["credentials"] == {"name": "alert-gateway", "key": "metrics-token"}
    maps = of_kind(resources, "ConfigMap").values()
    boards = [found for found in maps if "grafana_dashboard" in found["metadata"].get("labels", {})]
    shown = {name: json.loads(text) for found in boards for name, text in found["data"].items()}
    assert shown == {path.name: json.loads(path.read_text("utf-8")) for path in DASHBOARDS.glob("*.json")}
