"""The pods of deploy/kubernetes/redis as processes: their own start scripts, on addresses of their own, in a network of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.deploy_tools import ROOT
from tests.support.missing import missing
from tests.support.servers import program

REDIS = ROOT / "deploy/kubernetes/redis"
PASSWORD = "letters4and2digits"
ADDRESSES = {
    f"{name}-{number}": f"127.1.{network}.{number + 1}"
    for network, name in enumerate(("redis", "redis-sentinel"))
    for number in range(3)
}
PORTS = {"redis": 6379, "redis-sentinel": 26379}
WAIT_SECONDS = 60


class Pods:
    """Three servers and three Sentinels, each by its name in the cluster; a volume is a folder that outlives its process."""

    def __init__(self, folder: Path, namespace: int) -> None:
        self._folder = folder
        self._inside = ["nsenter", "--target", str(namespace), "--net", "--mount"]
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, pod: str) -> None:
        place = self._folder / pod
        for part in ("data", "tmp", "run/secrets/redis", "etc/redis"):
            (place / part).mkdir(parents=True, exist_ok=True)
        (place / "run/secrets/redis/redis-password").write_text(PASSWORD, "utf-8")
        for path in REDIS.iterdir():
            text = re.sub(
                r"/(data|tmp|run/secrets/redis|etc/redis)\b", rf"{place}/\1", path.read_text("utf-8")
            )
            # A failover begins sooner here, as tests wait for it.
            text = text.replace(
                "down-after-milliseconds primary 5000", "down-after-milliseconds primary 1500"
            )
            (place / "etc/redis" / path.name).write_text(text, "utf-8")
        kind = pod.rpartition("-")[0]
        script = place / "etc/redis" / f"start-{kind.removeprefix('redis-')}.sh"
        with self.log(pod).open("ab") as log:
            self._running[pod] = subprocess.Popen(
                [*self._inside, "sh", str(script), "--bind", ADDRESSES[pod]],
                stdout=log,
                stderr=log,
                env=os.environ | {"HOSTNAME": pod},
                start_new_session=True,
            )

    def kill(self, pod: str) -> None:
        process = self._running.pop(pod)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for pod in list(self._running):
            self.kill(pod)

    def volume(self, pod: str) -> Path:
        return self._folder / pod / "data"

    def log(self, pod: str) -> Path:
        return self._folder / f"{pod}.log"

    def ask(self, pod: str, *command: str) -> str:
        """Return what a server answers; nothing where it does not."""
        kind = pod.rpartition("-")[0]
        address = ["-h", ADDRESSES[pod], "-p", str(PORTS[kind])]
        done = subprocess.run(
            [*self._inside, "timeout", "5", "redis-cli", "--raw", *address, *command],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"REDISCLI_AUTH": PASSWORD},
        )
        return done.stdout.strip()

    def gateway(self, command: str, **settings: str) -> str:
        """Return what a command of the gateway says in this network."""
        done = subprocess.run(
            [*self._inside, sys.executable, "-m", "gateway", command],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | settings,
        )
        return done.stdout + done.stderr

    def primary(self) -> str:
        """Return the pod that the Sentinels call the primary."""
        command = ("SENTINEL", "get-master-addr-by-name", "primary")
        said = {self.ask(f"redis-sentinel-{number}", *command).partition("\n")[0] for number in range(3)}
        return said.pop().removesuffix(".redis") if len(said) == 1 else ""

    def can_fail_over(self) -> bool:
        """Return whether each Sentinel knows both replicas as good ones, and the two other Sentinels."""
        for number in range(3):
            sentinel = f"redis-sentinel-{number}"
            replicas = self.ask(sentinel, "SENTINEL", "REPLICAS", "primary")
            if replicas.count("master-link-status\nok") != 2 or "s_down" in replicas:
                return False
            if not self.ask(sentinel, "SENTINEL", "CKQUORUM", "primary").startswith("OK 3 usable"):
                return False
        return True

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            logs = {pod: self.log(pod).read_text("utf-8")[-600:] for pod in self._running}
            assert time.monotonic() < deadline, logs
            time.sleep(0.2)


@contextmanager
def network_of_its_own(folder: Path) -> Iterator[int]:
    """Yield a process whose network has loopback alone, and in which each pod's name leads to its address."""
    if os.geteuid() != 0:
        missing("a network of its own takes root")
    for name, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("redis-server", "redis-server")):
        program(name, package)
    hosts = folder / "hosts"
    lines = [f"{address} {pod}.{pod.rpartition('-')[0]}" for pod, address in ADDRESSES.items()]
    hosts.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]), "utf-8")
    script = f"ip link set lo up && mount --bind {hosts} /etc/hosts && echo there && exec sleep 600"
    command = ["unshare", "--net", "--mount", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "there\n"
        try:
            yield holder.pid
        finally:
            holder.kill()


@contextmanager
def redis_with_sentinels(folder: Path) -> Iterator[Pods]:
    with network_of_its_own(folder) as namespace:
        pods = Pods(folder, namespace)
        try:
            for pod in ADDRESSES:
                pods.start(pod)
            yield pods
        finally:
            pods.kill_all()
