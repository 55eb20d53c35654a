"""The Redis of deploy/kubernetes, started by its own scripts: it keeps what was taken, whoever of it dies."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.deploy_tools import ROOT
from tests.support.pods import PASSWORD, Pods, redis_with_sentinels

pytestmark = pytest.mark.long


def documented_url() -> str:
    document = (ROOT / "docs/kubernetes.md").read_text("utf-8")
    (url,) = re.findall(r"redis\+sentinel://\S+", document)
    return str(url).replace("PASSWORD", PASSWORD)


def is_replica_with(pods: Pods, pod: str, key: str) -> bool:
    linked = "master_link_status:up" in pods.ask(pod, "INFO", "replication")
    return linked and pods.ask(pod, "EXISTS", key) == "1"


def write(pods: Pods, key: str) -> None:
    primary = pods.primary()
    assert pods.ask(primary, "SET", key, "taken") == "OK"
    pods.until(lambda: pods.ask(primary, "WAIT", "2", "1000") == "2")


def test_what_was_taken_outlives_a_dead_primary_an_empty_volume_and_sentinels_that_start_anew(
    tmp_path: Path,
) -> None:
    with redis_with_sentinels(tmp_path) as pods:
        pods.until(lambda: pods.primary() == "redis-0" and pods.can_fail_over())
        assert pods.ask("redis-0", "CONFIG", "GET", "appendfsync") == "appendfsync\nalways"
        said = pods.gateway("doctor", GATEWAY_REDIS_URL=documented_url(), GATEWAY_REDIS_WAIT="1")
        assert "ok    store: a primary named by Sentinels" in said
        assert "2 replicas, append-only file, appendfsync always, noeviction" in said
        write(pods, "first")

        pods.kill("redis-0")
        pods.until(lambda: pods.primary() in ("redis-1", "redis-2"))
        second = pods.primary()
        pods.start("redis-0")
        pods.until(lambda: is_replica_with(pods, "redis-0", "first"))
        pods.until(pods.can_fail_over)
        write(pods, "second")

        for number in range(3):
            pods.kill(f"redis-sentinel-{number}")
        for number in range(3):
            pods.start(f"redis-sentinel-{number}")
        pods.until(lambda: pods.primary() == second and pods.can_fail_over())

        pods.kill(second)
        shutil.rmtree(pods.volume(second))
        pods.start(second)
        pods.until(lambda: pods.primary() not in ("", second))
        pods.until(lambda: is_replica_with(pods, second, "first") and is_replica_with(pods, second, "second"))
        assert "this volume is empty" in pods.log(second).read_text("utf-8")
