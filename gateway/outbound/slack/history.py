"""Find in a channel, and in a thread, which of our attempts Slack has carried out."""

from __future__ import annotations

from gateway.model.ledger import MessageRef
from gateway.outbound.slack.attempts import note_attempt
from gateway.outbound.slack.client import Access, NotOk, SlackCalls

THREAD_GONE = frozenset({"thread_not_found", "message_not_found"})


async def find_attempts(
    calls: SlackCalls,
    access: Access,
    channel: str,
    thread: str,
    attempts: tuple[str, ...],
    oldest: int,
    found: dict[str, MessageRef],
) -> None:
    """Add to `found` what stands there since `oldest` (ms). Raises `NotOk`.

    The channel's history leaves out the replies of a thread, which are read where a thread is named.
    """
    asked = {"channel": channel, "oldest": f"{oldest / 1000:.6f}"}
    async for message in calls.messages("conversations.history", access, asked):
        note_attempt(message, channel, attempts, found)
    if not thread or len(found) == len(attempts):
        return
    try:
        async for message in calls.messages("conversations.replies", access, {**asked, "ts": thread}):
            note_attempt(message, channel, attempts, found)
    except NotOk as trouble:
        # Without the thread no reply of ours can stand in it: nothing was found, and that is an answer.
        if trouble.answer.detail not in THREAD_GONE:
            raise
