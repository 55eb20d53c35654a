"""What kind of place for state the servers are: said by `gateway doctor` and at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.storage.connections import Client, Kind

OLDEST = 7  # Redis 7.0: scripts with flags
ASKED_OF_CONFIG = ("appendfsync", "min-replicas-to-write")


@dataclass(frozen=True, slots=True)
class Examined:
    """`found` and `problems` are sentences; `unusable` says why the store cannot be used, where it cannot."""

    found: tuple[str, ...]
    problems: tuple[str, ...]
    unusable: str = ""


async def examine(client: Client) -> Examined:
    """Looks at every primary. Raises `StateUnavailable`.

    Managed servers often forbid CONFIG: then it is said what could not be looked at.
    """
    infos = await client.ask_each("INFO")
    configs = dict(await client.ask_each("CONFIG GET", *ASKED_OF_CONFIG))
    found: list[str] = []
    problems: list[str] = []
    unusable = ""
    for name, info in infos:
        where = f"{name}: " if name else ""
        if info is None:
            problems.append(f"{where}INFO is forbidden: nothing is known of the server")
            continue
        unusable = unusable or _unusable(info, client.kind)
        found.append(f"{name or client.kind.value}: " + _described(info, configs.get(name)))
        problems += [where + one for one in _problems(info, configs.get(name), client)]
    return Examined(tuple(found), tuple(problems), unusable)


def _unusable(info: Mapping[str, Any], kind: Kind) -> str:
    mode = info.get("redis_mode")
    if int(str(info["redis_version"]).split(".")[0]) < OLDEST:
        return f"version {info['redis_version']} is too old: {OLDEST}.0 or newer is needed"
    if mode == "cluster" and kind is not Kind.CLUSTER:
        return "it is a node of a cluster: write redis+cluster://"
    if mode == "sentinel":
        return "it is a Sentinel: write redis+sentinel://host:26379/primary"
    return ""


def _described(info: Mapping[str, Any], config: Mapping[str, str] | None) -> str:
    name, version = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    replicas = int(info.get("connected_slaves", 0))
    kept = "nothing appended to a file"
    if info.get("aof_enabled"):
        kept = f"append-only file, appendfsync {config['appendfsync'] if config else 'unknown'}"
    return f"{name} {version}, {replicas} replicas, {kept}, {info.get('maxmemory_policy', 'eviction unknown')}"


def _problems(info: Mapping[str, Any], config: Mapping[str, str] | None, client: Client) -> list[str]:
    problems = []
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        problems.append(f"maxmemory-policy is {policy}: it may forget who was told what; set noeviction")
    if not info.get("aof_enabled"):
        problems.append("appendonly is off: a crash of the server loses what was taken; set appendonly yes")
    elif config is None:
        problems.append("CONFIG is forbidden: see to it that appendfsync is everysec or always")
    elif config["appendfsync"] == "no":
        problems.append("appendfsync is no: a crash of the machine loses what was taken; set everysec or always")
    if info.get("role") == "slave":
        problems.append("it is a replica and takes nothing: name the primary, or use redis+sentinel://")
        return problems
    return problems + _replication(int(info.get("connected_slaves", 0)), config, client)


def _replication(replicas: int, config: Mapping[str, str] | None, client: Client) -> list[str]:
    if replicas < client.copies:
        return [f"GATEWAY_REDIS_WAIT is {client.copies} and {replicas} replicas are connected: nothing will be taken"]
    if not replicas:
        return [] if client.kind is Kind.SERVER else ["no replica is connected: there is nothing to fail over to"]
    if client.copies:
        return []
    problems = ["replication is asynchronous: a failover loses what was taken last; set GATEWAY_REDIS_WAIT"]
    if config is not None and config.get("min-replicas-to-write", "0") == "0":
        problems.append("min-replicas-to-write is 0: a primary that is cut off takes what its failover loses; set 1")
    return problems
