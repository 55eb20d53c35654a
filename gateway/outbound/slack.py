"""Slack by its Web API: one message per incident and channel, edited in place, with replies in its thread.

The only file that knows slack_sdk. Its own retries are off: a reset after the server has posted would post twice. There is no
idempotency key (slack-api-specs #10), so every post carries its attempt in the message's metadata, by which `look` finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from gateway.model.incident import Note, Remote, Through
from gateway.model.telling import Answer, Delivered, Found, Look, Refused, Telling, Unanswered
from gateway.outbound.slack_blocks import Rendered, render, render_notes, render_plainly

EVENT_TYPE = "alert_gateway"
SKEW = 120_000  # ms that Slack's clock may be behind ours
PAGE, PAGES = 200, 20
MAX_NAMES = 10_000

# https://docs.slack.dev/reference/methods/chat.postMessage#errors and chat.update's
GONE = frozenset(
    [
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "is_inactive",
        "block_mismatch",
        "thread_not_found",
        "cannot_reply_to_message",
        "restricted_action_thread_locked",
        "streaming_state_conflict",
    ]
)
AUTH = frozenset(
    [
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "access_denied",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "team_not_found",
        "two_factor_setup_required",
        "app_access_restricted",
        "org_login_required",
    ]
)
NOT_FOUND = frozenset(
    [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "messages_tab_disabled",
    ]
)
INVALID = frozenset(
    [
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_blocks",
        "invalid_blocks_format",
        "no_text",
        "too_many_attachments",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_must_be_sent_from_app",
        "invalid_arguments",
        "invalid_arg_name",
        "invalid_array_arg",
        "invalid_charset",
        "invalid_form_data",
        "invalid_post_type",
        "missing_post_type",
        "method_deprecated",
        "deprecated_endpoint",
        "unknown_method",
        "as_user_not_supported",
        "markdown_text_conflict",
    ]
)
LATER = frozenset(
    [
        "service_unavailable",
        "team_added_to_org",
        "external_channel_migrating",
        "update_failed",
        "message_limit_exceeded",
        "accesslimited",
    ]
)
LIMITED = frozenset(("ratelimited", "rate_limited"))  # fmt: skip


class SlackNotifier:
    """All tokens and channels share one session. `timeout` in seconds."""

    settles_by_looking = True

    def __init__(self, base_url: str, timeout: float = 8.0) -> None:
        self._base_url = base_url if base_url.endswith("/") else f"{base_url}/"
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._ids: dict[tuple[str, str], str] = {}

    def _slack(self) -> AsyncWebClient:
        if self._client is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout), trust_env=False)
            self._client = AsyncWebClient(base_url=self._base_url, session=self._session, retry_handlers=[])
        return self._client

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = self._client = None

    async def tell(self, through: Through, secret: str, telling: Telling, *, attempt: str, remote: Remote | None) -> Answer:
        answer = await self._show(through, secret, render(telling), telling, attempt, remote)
        if isinstance(answer, Refused) and answer.reason == "invalid":
            return await self._show(through, secret, render_plainly(telling), telling, attempt, remote)
        return answer

    async def _show(
        self, through: Through, secret: str, rendered: Rendered, telling: Telling, attempt: str, remote: Remote | None
    ) -> Answer:
        sent: dict[str, Any] = {"text": rendered.text, "blocks": list(rendered.blocks)}
        if remote is None:
            metadata = _metadata(attempt, telling.incident, "message")
            sent |= {"channel": through.address, "metadata": metadata, "unfurl_links": False, "unfurl_media": False}
            return await self._post("chat.postMessage", secret, sent)
        # The posting's metadata stays: chat.update keeps what it is not given.
        return await self._post("chat.update", secret, sent | {"channel": remote.channel, "ts": remote.id})

    async def reply(
        self, through: Through, secret: str, notes: tuple[Note, ...], *, attempt: str, remote: Remote, mentions: tuple[str, ...]
    ) -> Answer:
        sent = {
            "channel": remote.channel or through.address,
            "thread_ts": remote.id,
            "text": render_notes(notes, mentions).text,
            "reply_broadcast": any(note.broadcast for note in notes),
            "metadata": _metadata(attempt, "", "reply"),
            "unfurl_links": False,
        }
        answer = await self._post("chat.postMessage", secret, sent)
        return Delivered(remote) if isinstance(answer, Delivered) else answer

    async def look(
        self, through: Through, secret: str, *, attempts: tuple[str, ...], since: int, remote: Remote | None
    ) -> Look:
        oldest = f"{(since - SKEW) / 1000:.6f}"
        found: dict[str, Remote] = {}
        try:
            channel = remote.channel if remote is not None else await self._id_of(through.address, secret)
            if channel is None:
                return Found({})
            async for message in self._messages("conversations.history", secret, {"channel": channel, "oldest": oldest}):
                _note(message, channel, attempts, found)
            if remote is not None and len(found) < len(attempts):
                asked = {"channel": channel, "ts": remote.id, "oldest": oldest}
                async for message in self._messages("conversations.replies", secret, asked):
                    _note(message, channel, attempts, found)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return _judged(error, secret)
        return Found(found)

    async def withdraw(self, through: Through, secret: str, remote: Remote) -> Answer:
        answer = await self._post("chat.delete", secret, {"channel": remote.channel or through.address, "ts": remote.id})
        return Delivered(remote) if isinstance(answer, Refused) and answer.gone else answer

    async def who(self, secret: str) -> Mapping[str, Any] | Refused | Unanswered:
        """auth.test, for `gateway doctor`: team, user and bot of a token."""
        try:
            return _object((await self._slack().auth_test(token=secret)).data)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return _judged(error, secret)

    async def _post(self, method: str, secret: str, sent: Mapping[str, Any]) -> Answer:
        try:
            response = await self._slack().api_call(method, json={**sent}, headers={"Authorization": f"Bearer {secret}"})
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return _judged(error, secret)
        answer = _object(response.data)
        if not answer.get("ts"):
            return Unanswered("strange_answer", "ok without a ts")
        return Delivered(Remote(str(answer["ts"]), str(answer.get("channel", ""))))

    async def _messages(self, method: str, secret: str, asked: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        cursor = ""
        for _ in range(PAGES):
            params = {
                **asked,
                "limit": PAGE,
                "include_all_metadata": True,
                "inclusive": True,
                **({"cursor": cursor} if cursor else {}),
            }
            answer = await self._read(method, secret, params)
            for message in answer.get("messages") or ():
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _read(self, method: str, secret: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        asked = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        response = await self._slack().api_call(
            method, http_verb="GET", params=asked, headers={"Authorization": f"Bearer {secret}"}
        )
        return _object(response.data)

    async def _id_of(self, address: str, secret: str) -> str | None:
        """The channel's id; names are looked up in the workspace's list and remembered."""
        if not address.startswith("#"):
            return address
        key = (secret, address)
        if key not in self._ids:
            if len(self._ids) > MAX_NAMES:
                self._ids.clear()
            cursor = ""
            for _ in range(PAGES * 5):
                params = {
                    "limit": 1000,
                    "exclude_archived": True,
                    "types": "public_channel,private_channel",
                    **({"cursor": cursor} if cursor else {}),
                }
                answer = await self._read("conversations.list", secret, params)
                self._ids |= {(secret, f"#{one['name']}"): one["id"] for one in answer.get("channels") or ()}
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if key in self._ids or not cursor:
                    break
        return self._ids.get(key)


def _object(data: object) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def _metadata(attempt: str, incident: str, part: str) -> dict[str, Any]:
    """Every app in the workspace may read it: names, no secrets."""
    return {"event_type": EVENT_TYPE, "event_payload": {"attempt": attempt, "incident": incident, "part": part}}


def _note(message: Mapping[str, Any], channel: str, attempts: tuple[str, ...], found: dict[str, Remote]) -> None:
    metadata = message.get("metadata") or {}
    attempt = (metadata.get("event_payload") or {}).get("attempt")
    if metadata.get("event_type") == EVENT_TYPE and attempt in attempts:
        found[attempt] = Remote(str(message.get("ts", "")), channel)


def _judged(error: Exception, secret: str) -> Refused | Unanswered:
    if isinstance(error, SlackApiError):
        return judge(error.response.status_code, error.response.data, error.response.headers)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Refused("unavailable", "no connection")
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return Unanswered("timeout")
    return Unanswered("cut", str(error).replace(secret, "…")[:200])


def judge(status: int, body: object, headers: Mapping[str, Any]) -> Refused | Unanswered:
    """What an answer that is not ok means. 200 with an error is the normal case."""
    code = str(body.get("error", "")) if isinstance(body, Mapping) else ""
    if status == 429 or code in LIMITED:
        wait = str({name.lower(): value for name, value in headers.items()}.get("retry-after", "1"))
        return Refused("rate_limited", retry_after=int(wait) * 1000 if wait.isdigit() else 1_000)
    if code in GONE:
        return Refused("gone", code, gone=True)
    for reason, codes in (("auth", AUTH), ("not_found", NOT_FOUND), ("invalid", INVALID)):
        if code in codes:
            return Refused(reason, code, permanent=True)
    if code in LATER:
        return Refused("unavailable", code)
    if status >= 500 or code in ("internal_error", "fatal_error", "request_timeout") or not code:
        return Unanswered("server_error", code or f"HTTP {status}")
    return Refused("refused", code)
