"""What a person does on the page of the local Slack reaches the app as Slack would send it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.sandbox.slack.app import Answered, App, Ephemeral
from gateway.sandbox.slack.arguments import SlackError
from gateway.sandbox.slack.page import viewer_of
from gateway.sandbox.vendor import form_of

Form = Mapping[str, str]
PRESS, VALUE = "press.", "value."  # before the names of what was pressed and filled in
COMMAND = "/alerts"


@dataclass(frozen=True, slots=True)
class PageActs:
    """Each act answers with the page again; what the app did not take is said to the person who did it."""

    app: App

    def routes(self) -> list[Route]:
        acts = {
            "press": self._press,
            "modal": self._modal,
            "command": self._command,
            "dismiss": self._dismiss,
        }
        return [Route(f"/_page/{name}", act, methods=["POST"]) for name, act in acts.items()]

    async def _press(self, request: Request) -> Response:
        form = await form_of(request)
        try:
            channel = self.app.workspace.by_id(form.get("channel", ""))
            message = channel.find(form.get("ts", ""))
            action, chosen = next(
                (name.removeprefix(PRESS), value) for name, value in form.items() if name.startswith(PRESS)
            )
            answered = await self.app.press(channel, message, action, chosen, self._who(form))
        except (SlackError, LookupError, StopIteration):
            # The message has changed since the page was drawn.
            return PlainTextResponse("the message has no such button any more\n", 409)
        return self._page_again(form, answered)

    async def _modal(self, request: Request) -> Response:
        form = await form_of(request)
        opened = self.app.views.get(form.get("view", ""))
        if opened is None or not opened.open:
            return PlainTextResponse("the modal is closed\n", 409)
        if "close" in form:
            opened.open = False
            return self._page_again(form)
        values = {
            # A form has every line break as two characters.
            name.removeprefix(VALUE): value.replace("\r\n", "\n")
            for name, value in form.items()
            if name.startswith(VALUE)
        }
        return self._page_again(form, await self.app.submit(opened.id, values))

    async def _command(self, request: Request) -> Response:
        form = await form_of(request)
        words, channel = form.get("text", "").strip(), form.get("channel", "")
        command, _, text = words.partition(" ")
        if command != COMMAND:
            self._say(form, f"{command} is not a command of this app: {COMMAND}")
            return self._page_again(form)
        answered = await self.app.command(text.strip(), self._who(form), channel)
        if answered.status == 200 and answered.body.strip():
            answer = json.loads(answered.body)
            self._say(form, str(answer.get("text", "")), answer.get("blocks") or [])
        return self._page_again(form, answered)

    async def _dismiss(self, request: Request) -> Response:
        form = await form_of(request)
        shown = (form.get("channel"), self._who(form), form.get("ts"))
        self.app.ephemerals[:] = [
            one for one in self.app.ephemerals if (one.channel, one.user, one.ts) != shown
        ]
        return self._page_again(form)

    def _page_again(self, form: Form, answered: Answered | None = None) -> Response:
        if answered is not None and answered.status != 200:
            why = "it did not answer within 3 s" if answered.status is None else answered.body.strip()
            self._say(form, f"⚠️ Not taken by the app at {self.app.url or 'no address'}: {why}")
        query = {"channel": form.get("channel", ""), "as": self._who(form)}
        return RedirectResponse(f"/?{urlencode(query)}", 303)

    def _say(self, form: Form, text: str, blocks: list[object] | None = None) -> None:
        """Show something to the person who did it, in the channel where that was."""
        channel = self.app.workspace.channels.get(form.get("channel", ""))
        if channel is not None:
            ts = channel.next_ts(self.app.now())
            self.app.ephemerals.append(Ephemeral(channel.id, self._who(form), text, blocks or [], ts))

    def _who(self, form: Form) -> str:
        return viewer_of(self.app.workspace, form)
