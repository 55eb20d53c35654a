"""The Web API methods: each takes the arguments and the bot, and gives what stands beside ``ok: true``.

https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.sandbox.slack.answers import channel_json, message_json, page, person_json
from gateway.sandbox.slack.app import App, Ephemeral
from gateway.sandbox.slack.arguments import Arguments, SlackError
from gateway.sandbox.slack.message_arguments import content_of, metadata_of, notified_by, parent_of
from gateway.sandbox.slack.modals import modal_of
from gateway.sandbox.slack.workspace import Bot, Channel, Content, Message

JsonObject = dict[str, object]
Method = Callable[[Arguments, Bot], JsonObject]
POST_TEXT_KEPT = 40_000  # longer ones are cut on posting
UPDATE_TEXT_MAX = 4_000
BROADCASTS = frozenset({"@here", "@channel", "@everyone"})


class Methods:
    """The methods of one workspace by name."""

    def __init__(self, app: App, now: Callable[[], datetime], url: Callable[[], str]) -> None:
        self._app = app
        self._workspace = app.workspace
        self._now = now
        self._url = url
        self._by_name: dict[str, Method] = {
            "auth.test": self.auth_test,
            "chat.delete": self.chat_delete,
            "chat.getPermalink": self.chat_get_permalink,
            "chat.postEphemeral": self.chat_post_ephemeral,
            "chat.postMessage": self.chat_post_message,
            "chat.update": self.chat_update,
            "conversations.history": self.conversations_history,
            "conversations.info": self.conversations_info,
            "conversations.list": self.conversations_list,
            "conversations.open": self.conversations_open,
            "conversations.replies": self.conversations_replies,
            "usergroups.list": self.usergroups_list,
            "usergroups.users.list": self.usergroups_users_list,
            "users.info": self.users_info,
            "users.list": self.users_list,
            "users.lookupByEmail": self.users_lookup_by_email,
            "views.open": self.views_open,
            "views.update": self.views_update,
        }

    def named(self, name: str) -> Method:
        if name not in self._by_name:
            raise SlackError("unknown_method")
        return self._by_name[name]

    def chat_post_message(self, arguments: Arguments, bot: Bot) -> JsonObject:
        channel = self._writable(self._workspace.by_name_or_id(arguments.text("channel")))
        content = content_of(arguments, Content(""))
        content = Content(content.text[:POST_TEXT_KEPT], content.blocks, content.attachments)
        notified = notified_by(content, arguments)
        if self._workspace.keeps_mentions_from_bots and BROADCASTS.intersection(notified):
            raise SlackError("restricted_action")
        if arguments.has("thread_ts") and not channel.threads:
            raise SlackError("restricted_action_non_threadable_channel")
        parent = parent_of(channel, arguments)
        now = self._now()
        message = Message(
            ts=channel.next_ts(now),
            bot=bot,
            content=content,
            posted_at=now,
            metadata=metadata_of(arguments, None),
            thread_ts=parent,
            broadcast=parent is not None and arguments.flag("reply_broadcast"),
            notified=notified,
        )
        channel.add(message)
        return {"channel": channel.id, "ts": message.ts, "message": message_json(message, with_metadata=True)}

    def chat_update(self, arguments: Arguments, bot: Bot) -> JsonObject:
        channel = self._writable(self._workspace.by_id(arguments.text("channel")))
        message = self._own(channel, arguments, bot, "cant_update_message")
        window = self._workspace.edit_window
        # A workspace may forbid late edits: the news has to come as a new message then.
        if window is not None and self._now() - message.posted_at > window:
            raise SlackError("edit_window_closed")
        content = content_of(arguments, message.content)
        if len(content.text) > UPDATE_TEXT_MAX:
            raise SlackError("msg_too_long")
        if arguments.flag("reply_broadcast") and message.thread_ts is None:
            raise SlackError("cant_broadcast_message")
        message.metadata = metadata_of(arguments, message.metadata)
        message.broadcast = message.broadcast or arguments.flag("reply_broadcast")
        message.content, message.edits, message.edited_at = content, message.edits + 1, self._now()
        body = message_json(message, with_metadata=True)
        return {"channel": channel.id, "ts": message.ts, "text": content.text, "message": body}

    def chat_delete(self, arguments: Arguments, bot: Bot) -> JsonObject:
        channel = self._workspace.by_id(arguments.text("channel"))
        message = self._own(channel, arguments, bot, "cant_delete_message")
        message.deleted = True
        return {"channel": channel.id, "ts": message.ts}

    def chat_get_permalink(self, arguments: Arguments, _: Bot) -> JsonObject:
        channel = self._workspace.by_id(arguments.text("channel"))
        message = channel.find(arguments.text("message_ts"))
        return {"channel": channel.id, "permalink": f"{self._url()}/?channel={channel.id}#m{message.ts}"}

    def conversations_history(self, arguments: Arguments, _: Bot) -> JsonObject:
        channel = self._readable(arguments)
        messages = [message for message in channel.timeline() if _in_range(message, arguments)]
        return _messages_page(messages, arguments)

    def conversations_replies(self, arguments: Arguments, _: Bot) -> JsonObject:
        """The parent first, whatever the range, then the replies in it, oldest first."""
        channel = self._readable(arguments)
        asked = channel.by_ts.get(arguments.text("ts"))
        parent = channel.by_ts[asked.thread_ts] if asked and asked.thread_ts else asked
        if parent is None or (parent.deleted and not parent.live_replies):
            raise SlackError("thread_not_found")
        replies = [reply for reply in parent.live_replies if _in_range(reply, arguments)]
        return _messages_page([parent, *replies], arguments)

    def conversations_list(self, arguments: Arguments, _: Bot) -> JsonObject:
        without_archived = arguments.flag("exclude_archived")
        kinds = (arguments.text("types") or "public_channel").split(",")
        channels = [
            channel
            for channel in self._workspace.channels.values()
            if not (channel.archived and without_archived)
        ]
        shown, cursor = page(
            channels if "public_channel" in kinds else [], lambda one: one.id, arguments, 1_000
        )
        return {
            "channels": [channel_json(channel) for channel in shown],
            "response_metadata": {"next_cursor": cursor},
        }

    def conversations_info(self, arguments: Arguments, _: Bot) -> JsonObject:
        return {"channel": channel_json(self._workspace.by_id(arguments.text("channel")))}

    def conversations_open(self, arguments: Arguments, _: Bot) -> JsonObject:
        return {"channel": {"id": self._workspace.conversation_with(arguments.text("users")).id}}

    def auth_test(self, _: Arguments, bot: Bot) -> JsonObject:
        who = {"user": bot.name, "user_id": bot.user_id, "bot_id": bot.bot_id}
        return {
            "url": f"{self._url()}/",
            "team": "Sandbox",
            "team_id": self._workspace.team,
            "is_enterprise_install": False,
        } | who

    def users_info(self, arguments: Arguments, _: Bot) -> JsonObject:
        user_id = arguments.text("user")
        if user_id not in self._workspace.people:
            raise SlackError("user_not_found")
        return {"user": self._person(user_id)}

    def users_list(self, arguments: Arguments, _: Bot) -> JsonObject:
        shown, cursor = page([*self._workspace.people], lambda user_id: user_id, arguments, 1_000)
        members = [self._person(user_id) for user_id in shown]
        return {"members": members, "response_metadata": {"next_cursor": cursor}}

    def users_lookup_by_email(self, arguments: Arguments, _: Bot) -> JsonObject:
        email = arguments.text("email")
        for user_id, name in self._workspace.people.items():
            if email == f"{name.split()[0].lower()}@example.org":
                return {"user": self._person(user_id)}
        raise SlackError("users_not_found")

    def _person(self, user_id: str) -> JsonObject:
        workspace = self._workspace
        return person_json(user_id, workspace.people[user_id], workspace.zones.get(user_id, ""))

    def usergroups_list(self, _: Arguments, __: Bot) -> JsonObject:
        groups = self._workspace.groups.items()
        return {"usergroups": [{"id": group_id, "handle": handle} for group_id, handle in groups]}

    def usergroups_users_list(self, arguments: Arguments, _: Bot) -> JsonObject:
        group = arguments.text("usergroup")
        if group not in self._workspace.groups:
            raise SlackError("no_such_subteam")
        return {"users": list(self._workspace.group_members.get(group, ()))}

    def chat_post_ephemeral(self, arguments: Arguments, _: Bot) -> JsonObject:
        channel = self._writable(self._workspace.by_name_or_id(arguments.text("channel")))
        user = arguments.text("user")
        if user not in self._workspace.people:
            raise SlackError("user_not_in_channel")
        content = content_of(arguments, Content(""))
        ts = channel.next_ts(self._now())
        self._app.ephemerals.append(Ephemeral(channel.id, user, content.text, content.blocks, ts))
        return {"message_ts": ts}

    def views_open(self, arguments: Arguments, _: Bot) -> JsonObject:
        view = modal_of(arguments)
        opened = self._app.open_view(self._app.opened_by(arguments.text("trigger_id")), view)
        return {"view": {**view, "id": opened.id, "hash": str(opened.hash)}}

    def views_update(self, arguments: Arguments, _: Bot) -> JsonObject:
        opened = self._app.views.get(arguments.text("view_id"))
        if opened is None or not opened.open:
            raise SlackError("not_found")
        opened.view, opened.hash = modal_of(arguments), opened.hash + 1
        return {"view": {**opened.view, "id": opened.id, "hash": str(opened.hash)}}

    def _writable(self, channel: Channel) -> Channel:
        if channel.archived:
            raise SlackError("is_archived")
        if not channel.member:
            raise SlackError("not_in_channel")
        return channel

    def _readable(self, arguments: Arguments) -> Channel:
        channel = self._workspace.by_id(arguments.text("channel"))
        if not channel.member:
            raise SlackError("not_in_channel")
        return channel

    def _own(self, channel: Channel, arguments: Arguments, bot: Bot, error: str) -> Message:
        message = channel.find(arguments.text("ts"))
        # A bot may change its own messages alone, also after its token was replaced by another app's.
        if message.bot.bot_id != bot.bot_id:
            raise SlackError(error)
        return message


def _in_range(message: Message, arguments: Arguments) -> bool:
    oldest, latest = arguments.ts("oldest", "invalid_ts_oldest"), arguments.ts("latest", "invalid_ts_latest")
    at = float(message.ts)
    if arguments.flag("inclusive") and at in {oldest, latest}:
        return True
    return (oldest is None or at > oldest) and (latest is None or at < latest)


def _messages_page(messages: list[Message], arguments: Arguments) -> JsonObject:
    shown, cursor = page(messages, lambda message: message.ts, arguments, 999)
    with_metadata = arguments.flag("include_all_metadata")
    body: JsonObject = {
        "messages": [message_json(message, with_metadata=with_metadata) for message in shown],
        "has_more": bool(cursor),
    }
    return body | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})
