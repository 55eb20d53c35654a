"""The chart: what it makes is valid, keeps what people still have to be told, and refuses what would lose alerts."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.config import apm
from gateway.config.load import DESTINATION_SECRETS
from gateway.config.settings import Settings
from tests.support.deploy_tools import CHART, ROOT, Rendered, rendered, run, tool
from tests.support.manifests import assert_valid
from tests.support.stack import read_yaml, stack_of

pytestmark = pytest.mark.long

HA = ROOT / "deploy/helm/values-ha.yaml"
REDIS = ("--set", "store.kind=redis", "--set", "secrets.keys.GATEWAY_REDIS_URL=redis-url")
VARIANTS = {
    "default": (),
    "three with a Redis": ("-f", HA),
    "one with a Redis, scaled": (*REDIS, "--set", "autoscaling.enabled=true"),
    "behind a proxy": ("--set", "networkPolicy.proxy.cidr=10.1.2.3/32"),
    "with rules of yours": ("--set", "rules.existing=mine"),
}


def made(*options: str | Path) -> Rendered:
    found = rendered(*options)
    assert found.code == 0, found.said
    return found


def pod_of(found: Rendered) -> dict[str, Any]:
    resources = found.resources()
    workload = resources.get("StatefulSet") or resources["Deployment"]
    pod: dict[str, Any] = workload["spec"]["template"]["spec"]
    return pod


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_helm_finds_nothing_wrong_with_the_chart(options: tuple[str | Path, ...]) -> None:
    done = run(tool("helm"), "lint", "--strict", CHART, *options)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_kubernetes_and_the_prometheus_operator_know_what_it_makes(
    options: tuple[str | Path, ...], tmp_path: Path
) -> None:
    assert_valid(list(made(*options).resources().values()), tmp_path)


def test_the_embedded_store_has_one_pod_and_a_volume_that_outlives_the_release() -> None:
    resources = made().resources()
    spec = resources["StatefulSet"]["spec"]
    assert spec["replicas"] == 1
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data"
    assert not {"Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler"} & resources.keys()


def test_three_gateways_share_a_redis_and_a_drain_takes_one_at_a_time() -> None:
    resources = made("-f", HA).resources()
    assert resources["Deployment"]["spec"]["replicas"] == 3
    assert resources["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert resources["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert "StatefulSet" not in resources


@pytest.mark.parametrize("options", [(), ("-f", HA)], ids=["embedded", "redis"])
def test_a_pod_has_no_rights_and_writes_nothing_but_its_data(options: tuple[str | Path, ...]) -> None:
    pod = pod_of(made(*options))
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {"/data", "/tmp"}
    assert not container["image"].endswith(":latest")


def test_probes_ask_for_the_process_and_for_the_store_and_there_is_time_to_finish() -> None:
    pod = pod_of(made())
    (container,) = pod["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert pod["terminationGracePeriodSeconds"] >= 45


def test_every_secret_is_a_file_of_the_secret_that_its_owner_makes() -> None:
    found = made("-f", HA)
    assert "Secret" not in found.resources()
    (container,) = pod_of(found)["containers"]
    given = {variable["name"]: variable["value"] for variable in container["env"]}
    assert given["GATEWAY_REDIS_URL_FILE"] == "/run/secrets/alert-gateway/redis-url"
    assert given["SLACK_BOT_TOKEN_FILE"] == "/run/secrets/alert-gateway/slack-bot-token"
    assert given["GATEWAY_METRICS"] == "token"
    assert given["GATEWAY_TOKENS_FILE"] == "/run/secrets/alert-gateway/tokens"


def test_every_secret_that_the_gateway_knows_is_refused_among_the_settings() -> None:
    template = (CHART / "templates/_helpers.tpl").read_text("utf-8")
    (refused,) = re.findall(r'regexMatch "([^"]+)" \$name', template)
    settings = Settings.model_fields.values()
    secrets = {str(field.alias) for field in settings if "SecretStr" in str(field.annotation)}
    secrets |= DESTINATION_SECRETS | {f"{apm.PREFIX}{name}" for name in apm.SECRETS}
    secrets |= {f"OTEL_EXPORTER_OTLP_{signal}HEADERS" for signal in ("", "TRACES_", "LOGS_")}
    assert len(secrets) > 15
    assert [name for name in secrets if not re.search(refused, name)] == []


def test_changed_rules_change_no_pod() -> None:
    changed = ("--set", "rules.files.more\\.yaml=routes: []")
    assert pod_of(made()) == pod_of(made(*changed))
    before, after = (found.resources()["ConfigMap"] for found in (made(), made(*changed)))
    assert before["metadata"]["annotations"] != after["metadata"]["annotations"]


def test_the_rules_of_the_chart_are_rules(tmp_path: Path) -> None:
    for name, text in made().resources()["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text, "utf-8")
    done = run(sys.executable, "-m", "gateway", "check", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_alerts_are_those_that_are_shipped_and_prometheus_takes_them(tmp_path: Path) -> None:
    spec = made("-f", HA).resources()["PrometheusRule"]["spec"]
    shipped = [
        read_yaml(ROOT / f"deploy/prometheus/rules/{name}.yml")["groups"] for name in ("gateway", "slo")
    ]
    assert spec["groups"] == [group for groups in shipped for group in groups]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(spec), "utf-8")
    done = run(stack_of("older").promtool, "check", "rules", tmp_path / "rules.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_scrape_shows_the_token_of_the_secret() -> None:
    (endpoint,) = made("-f", HA).resources()["ServiceMonitor"]["spec"]["endpoints"]
    assert endpoint["authorization"]["credentials"] == {"name": "alert-gateway", "key": "metrics-token"}


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        pytest.param(
            ("replicas=2",), "set replicas to 1, or store.kind to redis", id="two of an embedded store"
        ),
        pytest.param(("autoscaling.enabled=true",), "or store.kind to redis", id="a scaled embedded store"),
        pytest.param(("replicas=3", "store.kind=redis"), "secrets.keys.GATEWAY_REDIS_URL", id="no Redis"),
        pytest.param(("image.tag=latest",), "name a version", id="latest"),
        pytest.param(("terminationGracePeriodSeconds=30",), "at least 45", id="too little time to finish"),
        pytest.param(
            ("settings.SLACK_BOT_TOKEN=xoxb-1",), "secrets.keys.SLACK_BOT_TOKEN", id="a literal secret"
        ),
        pytest.param(
            ("settings.GATEWAY_PUBLIC_URL=https://me:pass@x",),
            "never in values",
            id="a password in an address",
        ),
        pytest.param(
            ("monitoring.serviceMonitor.tokenKey=metrics-token",),
            "secrets.keys.GATEWAY_TOKENS",
            id="a scraper whose token nobody knows",
        ),
        pytest.param(("replica=3",), "additional properties 'replica' not allowed", id="an unknown value"),
    ],
)
def test_what_would_lose_alerts_or_show_a_secret_is_refused(options: tuple[str, ...], remedy: str) -> None:
    found = rendered(*(part for option in options for part in ("--set", option)))
    assert found.code != 0
    assert remedy in found.said
    assert "xoxb-1" not in found.said
