"""The variables by which systemd says where and how often it wants to hear of this process.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html and, for its watchdog,
https://www.freedesktop.org/software/systemd/man/latest/sd_watchdog_enabled.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceManagerSettings:
    """`address` is that of a socket, empty where nobody listens.

    `watchdog_seconds` is how long the gateway may say nothing before it is taken for hung, None where
    nobody minds.
    """

    address: str | bytes = ""
    watchdog_seconds: float | None = None


def read_service_manager(variables: Mapping[str, str]) -> ServiceManagerSettings:
    """Return what the service manager asks of this process; a watchdog of another process is not ours."""
    address = variables.get("NOTIFY_SOCKET", "")
    microseconds = variables.get("WATCHDOG_USEC", "")
    ours = variables.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return ServiceManagerSettings(
        # `@` begins the name of a socket that is in no folder; the kernel begins it with a zero byte.
        address=b"\0" + address[1:].encode() if address.startswith("@") else address,
        watchdog_seconds=int(microseconds) / 1e6 if address and ours and microseconds.isdecimal() else None,
    )
