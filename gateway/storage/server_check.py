"""Check whether the servers are a safe place for state.

`gateway doctor` prints it, and the gateway says it at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.counted import counted
from gateway.storage.connections import Client, Kind

# Scripts with flags came with 7.0: https://redis.io/docs/latest/develop/programmability/lua-api/#script-flags
OLDEST_VERSION = 7
CONFIG_ASKED_FOR = ("appendfsync", "min-replicas-to-write")


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """The result of a check in sentences. `unusable` says why the store cannot be used, empty if it can."""

    found: tuple[str, ...]
    problems: tuple[str, ...]
    unusable: str = ""


async def examine(client: Client) -> ServerCheck:
    """Check every primary. Raises `StateUnavailable`.

    Managed servers often forbid CONFIG; what could not be looked at is then one of the problems.
    """
    infos = await client.ask_each("INFO")
    configs = dict(await client.ask_each("CONFIG GET", *CONFIG_ASKED_FOR))
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
        problems += [where + problem for problem in _problems(info, configs.get(name), client)]
    return ServerCheck(tuple(found), tuple(problems), unusable)


def _unusable(info: Mapping[str, Any], kind: Kind) -> str:
    """Return why the gateway cannot work on this server, with the remedy; empty where it can."""
    # `redis_mode` is what the server runs as: https://redis.io/docs/latest/commands/info/
    mode = info.get("redis_mode")
    if int(str(info["redis_version"]).split(".")[0]) < OLDEST_VERSION:
        return f"version {info['redis_version']} is too old: {OLDEST_VERSION}.0 or newer is needed"
    if mode == "cluster" and kind is not Kind.CLUSTER:
        return "it is a node of a cluster: write redis+cluster://"
    if mode == "sentinel":
        return "it is a Sentinel: write redis+sentinel://host:26379/primary"
    return ""


def _described(info: Mapping[str, Any], config: Mapping[str, str] | None) -> str:
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = info[f"{name.lower()}_version"]
    replicas = int(info.get("connected_slaves", 0))
    kept = "nothing appended to a file"
    if info.get("aof_enabled"):
        kept = f"append-only file, appendfsync {config['appendfsync'] if config else 'unknown'}"
    policy = info.get("maxmemory_policy", "eviction unknown")
    return f"{name} {version}, {counted(replicas, 'replica')}, {kept}, {policy}"


def _problems(info: Mapping[str, Any], config: Mapping[str, str] | None, client: Client) -> list[str]:
    problems = []
    # https://redis.io/docs/latest/develop/reference/eviction/
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        problems.append(f"maxmemory-policy is {policy}: it may forget who was told what; set noeviction")
    # https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
    if not info.get("aof_enabled"):
        problems.append("appendonly is off: a crash of the server loses what was taken; set appendonly yes")
    elif config is None:
        problems.append("CONFIG is forbidden: see to it that appendfsync is everysec or always")
    elif config["appendfsync"] == "no":
        problems.append(
            "appendfsync is no: a crash of the machine loses what was taken; set everysec or always"
        )
    if info.get("role") == "slave":
        problems.append("it is a replica and takes nothing: name the primary, or use redis+sentinel://")
        return problems
    return problems + _replication(int(info.get("connected_slaves", 0)), config, client)


def _replication(replicas: int, config: Mapping[str, str] | None, client: Client) -> list[str]:
    # A write may be lost by a failover though it was answered:
    # https://redis.io/docs/latest/operate/oss_and_stack/management/replication/
    if replicas < client.copies:
        wanted = f"GATEWAY_REDIS_WAIT is {client.copies}"
        connected = counted(replicas, "replica is", "replicas are")
        return [f"{wanted} and {connected} connected: nothing will be taken"]
    if not replicas:
        # One server alone, named by its address, was meant to be alone.
        alone = "no replica is connected: there is nothing to fail over to"
        return [] if client.kind is Kind.SERVER else [alone]
    if client.copies:
        return []
    problems = ["replication is asynchronous: a failover loses what was taken last; set GATEWAY_REDIS_WAIT"]
    if config is not None and config.get("min-replicas-to-write", "0") == "0":
        problems.append(
            "min-replicas-to-write is 0: a primary that is cut off takes what its failover loses; set 1"
        )
    return problems
