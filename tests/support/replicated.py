"""Servers with replicas: a primary under Sentinels, and a cluster, whose processes can be killed, frozen and
started again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE
from tests.support.servers import free_port, program

MASTER = "gateway"


class Server:
    """One redis-server on a port of its own, with everything on disk before it answers."""

    def __init__(self, folder: Path, *options: str, tls: Path | None = None, password: str = "") -> None:
        self.port = free_port()
        self._password = password
        self.folder = folder / str(self.port)
        self.folder.mkdir()
        self._tls = tls
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        ports = ["--port", str(self.port)] if self._tls is None else self._encrypted(self._tls)
        self._process = subprocess.Popen(
            [program("redis-server", "redis-server"), *self.configured(), *ports, *self._options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def configured(self) -> list[str]:
        secret = ["--requirepass", self._password, "--masterauth", self._password] if self._password else []
        return [
            "--dir",
            str(self.folder),
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            *secret,
        ]

    def _encrypted(self, tls: Path) -> list[str]:
        files = {"cert-file": "server.pem", "key-file": "server.key", "ca-cert-file": "ca.pem"}
        named = [part for option, file in files.items() for part in (f"--tls-{option}", str(tls / file))]
        everywhere = ["--tls-auth-clients", "yes", "--tls-replication", "yes", "--tls-cluster", "yes"]
        return ["--port", "0", "--tls-port", str(self.port), *named, *everywhere]

    def ask(self, *command: str, patience: float = 2.0) -> str:
        """By redis-cli; what it prints, an error too."""
        tls = ["--tls", "--cacert", str(self._tls / "ca.pem"), "--cert", str(self._tls / "client.pem"), "--key", str(self._tls / "client.key")] if self._tls else []  # fmt: skip
        asked = [program("redis-cli", "redis-tools"), "-h", "127.0.0.1", "-p", str(self.port), *tls, *command]
        known = os.environ | ({"REDISCLI_AUTH": self._password} if self._password else {})
        try:
            done = subprocess.run(asked, capture_output=True, timeout=patience, check=False, env=known)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.decode("utf-8", "replace").strip()

    def ready(self) -> None:
        until(lambda: self.ask("PING") == "PONG", f"{self.place} answers")

    @property
    def role(self) -> str:
        return self.ask("ROLE").partition("\n")[0]

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Sentinel(Server):
    """Calls a primary down after a second."""

    def __init__(self, folder: Path, primary: Server, passwords: tuple[str, str], tls: Path | None) -> None:
        """The passwords of the servers and of the Sentinels."""
        servers, own = passwords
        super().__init__(folder, tls=tls, password=own)
        (self.folder / "sentinel.conf").write_text(
            f"sentinel monitor {MASTER} 127.0.0.1 {primary.port} 2\n"
            f"sentinel down-after-milliseconds {MASTER} 1000\n"
            f"sentinel failover-timeout {MASTER} 6000\n"
            f"sentinel parallel-syncs {MASTER} 2\n"
            + (f"sentinel auth-pass {MASTER} {servers}\n" if servers else "")
            + (f"requirepass {own}\nsentinel sentinel-pass {own}\n" if own else "")
        )

    def configured(self) -> list[str]:
        return [str(self.folder / "sentinel.conf"), "--sentinel", "--dir", str(self.folder)]


class SentinelGroup:
    """One primary, two replicas, three Sentinels."""

    def __init__(self, folder: Path, passwords: tuple[str, str] = ("", ""), tls: Path | None = None) -> None:
        fast = ("--repl-diskless-sync-delay", "0", "--repl-timeout", "5")
        primary = Server(folder, *fast, tls=tls, password=passwords[0])
        following = (*fast, "--replicaof", f"127.0.0.1 {primary.port}")
        self.servers = [
            primary,
            *(Server(folder, *following, tls=tls, password=passwords[0]) for _ in range(2)),
        ]
        self.sentinels = [Sentinel(folder, primary, passwords, tls) for _ in range(3)]

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(one.place for one in self.sentinels)}/{MASTER}"

    @property
    def primary(self) -> Server:
        """As most Sentinels say."""
        told = [
            one.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER).split("\n")[-1] for one in self.sentinels
        ]
        port = max(set(told), key=told.count)
        return next(one for one in self.servers if str(one.port) == port)

    def start(self) -> None:
        for one in self.servers:
            one.start()
        for one in self.servers:
            one.ready()
        until(lambda: "connected_slaves:2" in self.servers[0].ask("INFO", "replication"), "two replicas")
        until(lambda: self.servers[0].ask("WAIT", "2", "100") == "2", "both replicas are up to date")
        for sentinel in self.sentinels:
            sentinel.start()
        for sentinel in self.sentinels:
            until(lambda one=sentinel: self._knows(one), "the Sentinels know each other")  # type: ignore[misc]

    def _knows(self, sentinel: Server) -> bool:
        told = sentinel.ask("SENTINEL", "MASTER", MASTER).split("\n")
        known = dict(zip(told[::2], told[1::2], strict=False))
        return known.get("num-slaves") == "2" and known.get("num-other-sentinels") == "2"

    def failed_over(self, former: Server) -> None:
        until(lambda: self.primary is not former and self.primary.role == "master", "another primary")

    def kill(self) -> None:
        for one in (*self.sentinels, *self.servers):
            one.kill()


class Cluster:
    """Three primaries with a replica each."""

    def __init__(self, folder: Path, *options: str, tls: Path | None = None, replicas: int = 1) -> None:
        self._folder = folder
        self._tls = tls
        self._replicas = replicas
        self._options = (
            *(
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "1500",
                "--cluster-require-full-coverage",
                "no",
            ),
            *("--repl-diskless-sync-delay", "0", *options),
        )
        self.servers = [self._server() for _ in range(3 + 3 * replicas)]

    def _server(self) -> Server:
        return Server(self._folder, *self._options, tls=self._tls)

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(one.place for one in self.servers[:3])}"

    def start(self) -> None:
        for one in self.servers:
            one.start()
        for one in self.servers:
            one.ready()
        made = self.servers[0].ask(
            *("--cluster", "create", *(one.place for one in self.servers)),
            *("--cluster-replicas", str(self._replicas), "--cluster-yes"),
            patience=PATIENCE,
        )
        assert "All 16384 slots covered" in made, made
        for one in self.servers:
            until(lambda one=one: "cluster_state:ok" in one.ask("CLUSTER", "INFO"), "the cluster is well")  # type: ignore[misc]
        until(lambda: all(self._followed(one) for one in self.primaries), "each primary has its replica")

    def _followed(self, one: Server) -> bool:
        return one.ask("WAIT", str(self._replicas), "100") == str(self._replicas)

    @property
    def primaries(self) -> list[Server]:
        return [one for one in self.servers if one.role == "master"]

    def owner(self, key: str) -> Server:
        """The primary that has the slot of the key, as any living server says."""
        for one in self.servers:
            told = one.ask("GET", key)
            if told.startswith("MOVED"):
                return next(other for other in self.servers if told.endswith(f":{other.port}"))
            if one.role == "master":
                return one
        raise AssertionError("no server of the cluster answers")

    def replica_of(self, primary: Server) -> Server:
        return next(
            one
            for one in self.servers
            if one.ask("ROLE").split("\n")[:3] == ["slave", "127.0.0.1", str(primary.port)]
        )

    def hand_over(self, former: Server, heir: Server) -> None:
        """As an operator does; a replica that finds its primary too busy gives up, and is told again."""

        def done() -> bool:
            heir.ask("CLUSTER", "FAILOVER")
            time.sleep(0.5)
            return heir.role == "master" and former.role == "slave"

        until(done, "the replica takes over")

    def joined(self) -> Server:
        """A new primary without slots."""
        new = self._server()
        new.start()
        new.ready()
        self.servers[0].ask("--cluster", "add-node", new.place, self.servers[0].place, patience=PATIENCE)
        self.servers.append(new)
        known = str(len(self.servers))
        for one in self.servers:
            until(lambda one=one: f"cluster_known_nodes:{known}" in one.ask("CLUSTER", "INFO"), "all know it")  # type: ignore[misc]
        until(lambda: "cluster_state:ok" in new.ask("CLUSTER", "INFO"), "it is well")
        return new

    def kill(self) -> None:
        for one in self.servers:
            one.kill()


@contextmanager
def sentinel_group() -> Iterator[SentinelGroup]:
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        group = SentinelGroup(Path(folder))
        try:
            group.start()
            yield group
        finally:
            group.kill()


@contextmanager
def cluster(*options: str, replicas: int = 1) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        made = Cluster(Path(folder), *options, replicas=replicas)
        try:
            made.start()
            yield made
        finally:
            made.kill()


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
