"""A webhook to a receiver of anybody's: each POST carries the newest state, or the notes that a thread would
show.

The only file that sends webhooks. Every attempt has an id (`webhook-id`), the same when the same is sent
again, and states have times, so that repeating is harmless: nothing is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from gateway.clock import utc_ms
from gateway.model.audit_trail import Batch
from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Notification, Refused
from gateway.outbound.http_trouble import judge_break
from gateway.outbound.network import NOT_THERE, Network
from gateway.outbound.never_looked import NeverLooked
from gateway.outbound.plainer import Omitted, next_state_omission, send_plainer_in_time, state_without
from gateway.outbound.webhook.answers import Trouble, judge, judge_taken
from gateway.outbound.webhook.body import key_of, render, render_batch, render_notes
from gateway.outbound.webhook.clients import Clients
from gateway.outbound.webhook.signing import signature, signing_keys

ANSWER_READ = 16_384  # bytes; of a short answer the connection is kept, a longer one is cut off


class _NotSent(Exception):
    """Raised with the reason where nothing can be sent."""

    def __init__(self, answer: Refused) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class WebhookNotifier(NeverLooked):
    """All receivers behind one proxy share a client. `timeout` in seconds bounds a whole POST."""

    takes_notes = True

    def __init__(self, network: Network, timeout: float = 8.0) -> None:
        self._network = network
        self._timeout = timeout
        self._clients = Clients(network, timeout / 2)

    async def aclose(self) -> None:
        await self._clients.aclose()

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        del message_ref
        key = MessageRef(key_of(notification))

        async def send(omitted: Omitted) -> Answer:
            # Another body is another message to the receiver.
            message = f"{attempt}.{len(omitted)}" if omitted else attempt
            body = render(state_without(notification, omitted))
            return await self._send(endpoint, secret, message, body, key)

        return await send_plainer_in_time(
            self._timeout, send, lambda refused, omitted: next_state_omission(refused, omitted, notification)
        )

    async def reply(
        self,
        endpoint: Endpoint,
        secret: str,
        notes: tuple[Note, ...],
        *,
        attempt: str,
        message_ref: MessageRef,
        edits: MessageRef | None,
        mentions: tuple[str, ...],
    ) -> Answer:
        del edits, mentions
        body = render_notes(message_ref.id, notes, utc_ms())
        return await self._send(endpoint, secret, attempt, body, message_ref)

    async def ship(self, endpoint: Endpoint, secret: str, batch: Batch) -> Answer:
        body = render_batch(batch, utc_ms())
        return await self._send(endpoint, secret, batch.id, body, MessageRef(batch.id))

    async def _send(
        self, endpoint: Endpoint, url: str, message: str, body: bytes, message_ref: MessageRef
    ) -> Answer:
        way = self._network.way(endpoint, url)
        if isinstance(way, Refused):
            return way
        try:
            address = _address(way.address, with_token=bool(endpoint.token))
            headers = self._headers(endpoint, message, body)
        except _NotSent as trouble:
            return trouble.answer
        return await self._post(address, way.proxy, headers, body) or Delivered(message_ref)

    def _headers(self, endpoint: Endpoint, message: str, body: bytes) -> dict[str, str]:
        """Raises `_NotSent`."""
        seconds = utc_ms() // 1000
        headers = {"webhook-id": message, "webhook-timestamp": str(seconds)}
        if endpoint.token:
            token = self._named(endpoint.token)
            if not token.isascii() or not token.isprintable():
                detail = f"{endpoint.token} holds characters that no header may"
                raise _NotSent(Refused("auth", detail, permanent=True))
            headers["Authorization"] = f"Bearer {token}"
        if endpoint.key:
            try:
                keys = signing_keys(self._named(endpoint.key))
            except ValueError as error:
                raise _NotSent(Refused("auth", f"{endpoint.key}: {error}", permanent=True)) from None
            headers["webhook-signature"] = signature(keys, message, seconds, body)
        return headers

    def _named(self, name: str) -> str:
        secret = self._network.secret_of(name)
        if secret is None:
            # A file may be away for a moment only: it is tried again.
            raise _NotSent(Refused("no_credential", NOT_THERE.format(name)))
        return secret

    async def _post(
        self, address: httpx.URL, proxy: str | None, headers: Mapping[str, str], body: bytes
    ) -> Trouble | None:
        """Return None if the receiver accepted it.

        Once the status line is read, later connection errors are ignored. The answer may hold what we sent:
        it is shown nowhere.
        """
        client = await self._clients.through(proxy)
        try:
            answer = await client.ask(
                "POST", address, seconds=self._timeout, largest=ANSWER_READ, content=body, headers=headers
            )
        except (TimeoutError, httpx.HTTPError) as error:
            return judge_break(error, to_proxy=proxy is not None)
        return judge(answer.status, answer.headers, utc_ms()) or judge_taken(
            answer.headers.get("content-type", ""), answer.body
        )


def check_address(url: str) -> str:
    """Say what is wrong with a receiver's address, without showing it; empty where nothing is."""
    try:
        _address(url, with_token=False)
    except _NotSent as trouble:
        return trouble.answer.detail
    return ""


def _address(url: str, *, with_token: bool) -> httpx.URL:
    """Parse the URL. Raises `_NotSent`.

    A user and a password in the URL become basic authentication, unless there is a token.
    """
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise _NotSent(Refused("auth", "the address cannot be read", permanent=True)) from None
    if address.scheme not in ("http", "https") or not address.host or not 0 < (address.port or 1) < 65_536:
        detail = "the address is not one such as https://receiver.example/alerts"
        raise _NotSent(Refused("auth", detail, permanent=True))
    return address.copy_with(userinfo=b"") if with_token else address
