"""Kept connections to PagerDuty, by pdpyras, which is made of requests.

Its own retries (unlimited on 429, sleeping) are cut down to nothing: retrying is the agenda's business.
"""

from __future__ import annotations

import threading
import warnings
from typing import Any, NamedTuple

from gateway.model.notification import Refused
from gateway.outbound.network import TlsOnce, Way
from gateway.outbound.pagerduty.answers import Trouble, judge_break, judge_response
from gateway.outbound.pagerduty.connections import CALL, Adapter
from gateway.outbound.thread_call import ThreadCall

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that it is no longer developed
    import pdpyras

KEPT_SESSIONS = 64
ENQUEUE = "/v2/enqueue"


class Line(NamedTuple):
    """A routing key, and the way that its events take."""

    routing_key: str
    way: Way

    @property
    def url(self) -> str:
        """Return the base of the Events API, also where the whole address of an event was given, as
        Alertmanager's `pagerduty_url` is.
        """
        return self.way.address.rstrip("/").removesuffix(ENQUEUE)


class Sessions:
    """Each session is used by one thread at a time: those of requests are not made for threads."""

    def __init__(self, tls: TlsOnce) -> None:
        self._tls = tls
        self._lock = threading.Lock()
        self._idle: list[tuple[Line, pdpyras.EventsAPISession]] = []
        self._kept = KEPT_SESSIONS

    def send(self, line: Line, event: dict[str, Any], call: ThreadCall) -> Trouble | None:
        """Send one event; None where it was taken. Whoever waits for it can end it by `call`."""
        if not line.routing_key:
            return Refused("auth", "the routing key is empty", permanent=True)
        seconds = call.seconds_left()
        if seconds <= 0:
            return Refused("unavailable", "no thread was free in time")
        session = self._take(line)
        # The first is for connecting. Within the other one byte has to come; `call` bounds the whole.
        session.timeout = (seconds / 2, seconds)
        CALL.set(call)
        try:
            # A redirect could lead the routing key, which stands in the body, to another host:
            # https://www.rfc-editor.org/rfc/rfc9110#section-15.4
            response = session.post(ENQUEUE, json=event, allow_redirects=False)
            return judge_response(response, line.routing_key)
        except pdpyras.PDClientError as error:
            # pdpyras raises on a 401, with the answer, and has whatever requests raises as the
            # cause of its own.
            if error.response is not None:
                return judge_response(error.response, line.routing_key)
            return judge_break(error.__cause__ or error)
        finally:
            call.end()
            self._give_back(line, session)

    def close(self) -> None:
        """Those still in use are closed when they come back."""
        with self._lock:
            over, self._idle, self._kept = self._idle, [], 0
        for _, idle in over:
            idle.close()

    def _take(self, line: Line) -> pdpyras.EventsAPISession:
        with self._lock:
            # The session used last is taken first: PagerDuty has had the least time to close its connection.
            for at in range(len(self._idle) - 1, -1, -1):
                if self._idle[at][0] == line:
                    return self._idle.pop(at)[1]
        return self._made(line)

    def _give_back(self, line: Line, session: pdpyras.EventsAPISession) -> None:
        with self._lock:
            self._idle.append((line, session))
            over = [self._idle.pop(0) for _ in range(len(self._idle) - self._kept)]
        for _, idle in over:
            idle.close()

    def _made(self, line: Line) -> pdpyras.EventsAPISession:
        session = pdpyras.EventsAPISession(line.routing_key)
        make_ready(session, line.url, line.way.proxy, Adapter(self._tls()))
        return session


def make_ready(session: pdpyras.PDSession, url: str, proxy: str | None, adapter: Adapter) -> None:
    """Have a session ask at `url`, by our connections alone, and each thing once."""
    session.url = url
    # requests would take proxies and passwords (.netrc) from the environment:
    # https://requests.readthedocs.io/en/latest/api/#requests.Session.trust_env
    session.trust_env = False
    session.proxies = {"http": proxy, "https": proxy} if proxy else {}
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    session.max_network_attempts = 0
    # A limit of 0 would mean none; with -1 over all, a limited retry is none at all.
    session.max_http_attempts = -1
    session.retry = {429: 1}
