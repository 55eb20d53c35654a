"""Asks an Alertmanager what fires there: the only file that does.

`/api/v2/alerts/groups` and not `/api/v2/alerts`: only the groups say what a time interval mutes (`mutedBy`,
from 0.28 on, https://github.com/prometheus/alertmanager/pull/3797), since that belongs to a route. What
ended is in neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx
import msgspec
import re2

from gateway.clock import utc_ms
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.sent_values import Malformed
from gateway.model.source_peers import Active, PeerReport
from gateway.model.webhook import WireAlert
from gateway.outbound.http_client import HttpClient, TooLong
from gateway.outbound.http_trouble import no_answer
from gateway.outbound.network import ALERTS_BYTES, ANSWER_BYTES, Network

TIMEOUT = 5.0  # seconds for one peer, both requests


class _Status(msgspec.Struct, frozen=True):
    silencedBy: list[str] = []  # noqa: N815 - the wire's name
    inhibitedBy: list[str] = []  # noqa: N815
    mutedBy: list[str] = []  # noqa: N815


class _Alert(msgspec.Struct):
    labels: dict[str, str]
    fingerprint: str
    startsAt: datetime  # noqa: N815
    annotations: dict[str, str] = {}
    generatorURL: str = ""  # noqa: N815
    status: _Status = _Status()


class _Receiver(msgspec.Struct):
    name: str


class _Group(msgspec.Struct):
    receiver: _Receiver
    alerts: list[_Alert]


class _Uptime(msgspec.Struct):
    uptime: datetime  # since when it has been up


_groups = msgspec.json.Decoder(list[_Group]).decode
_uptime = msgspec.json.Decoder(_Uptime).decode


class AlertmanagerPeers:
    """One client for all sources."""

    def __init__(self, network: Network, timeout: float = TIMEOUT, now: Callable[[], int] = utc_ms) -> None:
        self._network = network
        self._client: HttpClient | None = None
        self._timeout = timeout
        self._now = now

    async def ask(self, url: str, receiver: str, reader: Normaliser) -> PeerReport | str:
        """Ask one peer. A sentence says why it did not answer; it is without the address, which may hold a
        password.

        The address may carry `user:password@`, or `:token@` for a bearer token.
        """
        try:
            base, headers, auth = _address(url)
            async with asyncio.timeout(self._timeout):
                status, said_at = await self._get(f"{base}/api/v2/status", {}, headers, auth)
                groups, _ = await self._get(
                    # Alertmanager reads the parameter as a regular
                    # expression: a receiver `a.b` would also find `a-b`.
                    f"{base}/api/v2/alerts/groups",
                    {"receiver": re2.escape(receiver)},
                    headers,
                    auth,
                    ALERTS_BYTES,
                )
            up_since = round(_uptime(status).uptime.timestamp() * 1000)
            return PeerReport(
                # Both times come from the peer's clock where it gives
                # one, so that a wrong clock there does no harm.
                (said_at or self._now()) - up_since,
                _active(_groups(groups), receiver, reader, self._now()),
            )
        except _NoAnswer as error:
            return str(error)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError, TimeoutError) as error:
            return no_answer(error)

    async def _get(
        self,
        url: str,
        query: dict[str, str],
        headers: dict[str, str],
        auth: tuple[str, str] | None,
        largest: int = ANSWER_BYTES,
    ) -> tuple[bytes, int]:
        """The body, of `largest` bytes at most, and the time by the peer's own clock (0: it did not say)."""
        answer = await self._connected().ask(
            "GET", url, seconds=self._timeout, largest=largest, params=query, headers=headers, auth=auth
        )
        if answer.status != httpx.codes.OK:
            # A redirect counts as no answer too, since it could lead the credentials to another host.
            raise _NoAnswer(f"{urlsplit(url).path} answered {answer.status}")
        if isinstance(answer.cut, TooLong):
            # An answer without end must not fill the memory that webhooks need.
            raise _NoAnswer(f"{urlsplit(url).path} answered more than {largest >> 20} MiB")
        if answer.cut is not None:
            raise answer.cut
        date = answer.headers.get("date")
        return answer.body, round(parsedate_to_datetime(date).timestamp() * 1000) if date else 0

    def _connected(self) -> HttpClient:
        if self._client is None:
            # Peers are asked without the proxy, which is the way to vendors.
            self._client = HttpClient(self._network, connect=self._timeout)
        return self._client

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()


class _NoAnswer(Exception):
    """An answer that is none."""


def _address(url: str) -> tuple[str, dict[str, str], tuple[str, str] | None]:
    """Without its credentials; the headers and the basic authentication that these make."""
    try:
        parts = urlsplit(url)
    except ValueError:  # half of the brackets of an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _NoAnswer("its address is not one such as http://alertmanager:9093")
    place = parts.netloc.rpartition("@")[2]
    base = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        return base, {"Authorization": f"Bearer {password}"}, None
    return base, {}, (user, password) if user else None


def _active(groups: list[_Group], receiver: str, reader: Normaliser, now: int) -> dict[str, Active]:
    """An alert that several routes lead here counts as quieted only where all of them are."""
    found: dict[str, Active] = {}
    for group in groups:
        for alert in group.alerts if group.receiver.name == receiver else ():
            wire = WireAlert(
                alert.labels,
                alert.annotations,
                "firing",
                alert.startsAt,
                None,
                alert.generatorURL,
                alert.fingerprint,
            )
            seen = reader.normalise(wire, "", now)
            if isinstance(seen, Malformed):
                continue  # its webhook went to quarantine, with the reason
            known = found.get(seen.copy)
            if known is None or known.quieted:
                found[seen.copy] = Active(seen, _quieted(alert.status))
    return found


def _quieted(status: _Status) -> str:
    reasons = (
        ("silence", status.silencedBy),
        ("inhibited by", status.inhibitedBy),
        ("time interval", status.mutedBy),
    )
    return "; ".join(f"{what} {', '.join(sorted(names))}" for what, names in reasons if names)
