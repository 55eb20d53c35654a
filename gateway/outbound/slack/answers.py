"""Judge Slack's answers: certainly not taken, and why; or nobody knows.

The codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors and those of chat.update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.decisions.delivery.reposts import UNEDITABLE
from gateway.model.notification import UNKNOWN_REASON, Refused, Unanswered
from gateway.outbound.proxies import is_proxys_word, refused_by_proxy
from gateway.outbound.wording import retry_after, with_retry_after

LIMITED = frozenset({"ratelimited", "rate_limited"})
# Codes after which the message may exist: Slack says so, or does not say otherwise.
UNSURE = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})

EDIT_REFUSED = ("cant_update_message", "edit_window_closed", "block_mismatch", "streaming_state_conflict")
GONE = (
    "message_not_found",
    "is_inactive",
    "thread_not_found",
    "cannot_reply_to_message",
    "restricted_action_thread_locked",
)
AUTH = (
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
    "is_bot",
)
NOT_FOUND = (
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "posting_to_channel_denied",
    "messages_tab_disabled",
)
INVALID = (
    "msg_too_long",
    "msg_blocks_too_long",
    "invalid_blocks",
    "invalid_blocks_format",
    "no_text",
    "too_many_attachments",
    "attachment_payload_limit_exceeded",
    "metadata_too_large",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_must_be_sent_from_app",
    "markdown_text_conflict",
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
)
LATER = (
    "team_added_to_org",
    "external_channel_migrating",
    "update_failed",
    "message_limit_exceeded",
    "accesslimited",
    "org_login_required",
)
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")  # what is longer, or has spaces, is a text and no code
_REFUSALS = {
    **{code: Refused("gone", code, gone=True) for code in GONE},
    **{code: Refused(UNEDITABLE, code, gone=True) for code in EDIT_REFUSED},
    **{code: Refused("auth", code, permanent=True) for code in AUTH},
    **{code: Refused("not_found", code, permanent=True) for code in NOT_FOUND},
    **{code: Refused("invalid", code, permanent=True) for code in INVALID},
    **{code: Refused("unavailable", code) for code in LATER},
}


def judge(status: int, body: object, headers: Mapping[str, str], now: int) -> Refused | Unanswered:
    """Judge an answer that is not ok. HTTP 200 with an error code is the normal case.

    `now` in ms, for a `Retry-After` that is a date.
    """
    said = body.get("error") if isinstance(body, Mapping) else None
    code = said if isinstance(said, str) and _CODE.fullmatch(said) else ""
    if status == 429 or code in LIMITED:
        # "You are rate limited": https://docs.slack.dev/apis/web-api/rate-limits - nothing was done.
        return Refused("rate_limited", retry_after=retry_after(_said(headers), 0, now))
    if is_proxys_word(status, vendors_own=bool(code)):
        # Slack answers with an error code: https://docs.slack.dev/apis/web-api/#responses
        return with_retry_after(refused_by_proxy(status), _said(headers), now)
    if code in _REFUSALS:
        # Each method's list of errors: https://docs.slack.dev/reference/methods/chat.postMessage#errors
        return with_retry_after(_REFUSALS[code], _said(headers), now)
    if code in UNSURE or status >= 500:
        # A word that promises nothing: the message may stand in the channel, so it is looked for.
        # "fatal_error … It's possible some aspect of the operation succeeded before the error was raised":
        # https://docs.slack.dev/reference/methods/chat.postMessage#errors
        wait = retry_after(_said(headers), 0, now)
        return Unanswered("server_error", code if code in UNSURE else f"HTTP {status}", wait)
    if code:
        return Refused(UNKNOWN_REASON, code)
    # Nobody knows what became of it: the message is looked for.
    return Unanswered("strange_answer", f"HTTP {status}, and no word of Slack's")


def _said(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
