"""One connection that all who run a script share: a server answers in the order in which it was asked.

Nobody waits for the answers of others before asking:
https://redis.io/docs/latest/develop/using-commands/pipelining/
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from hiredis import Reader
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import InvalidResponse, RedisError
from redis.exceptions import TimeoutError as NoAnswer

from gateway.storage.connections.redis_connections import Opened, packed

UNFINISHED = object()  # what the reader returns in place of an answer of which a part is still on its way


class SharedConnection(asyncio.Protocol):
    """A connection on which every question has its answer in order, or none has one any more.

    `patience` is in seconds. An answer that takes longer closes the connection, since the next question would
    be given it: all who wait are told so, also those who asked later. Whoever is cancelled leaves its
    place in the row, and its answer is thrown away when it comes.
    """

    def __init__(self, opened: Opened, patience: float) -> None:
        self.open = True  # it takes questions
        self._loop = asyncio.get_running_loop()
        self._patience = patience
        self._reader = Reader(InvalidResponse, opened.error_of, notEnoughData=UNFINISHED)
        self._asked: deque[tuple[asyncio.Future[Any], float]] = deque()  # with the time of each deadline
        self._timer: asyncio.TimerHandle | None = None
        self._lost = self._loop.create_future()
        self._opened = opened
        self._transport = opened.hand_over(self)

    def ask(self, command: tuple[Any, ...]) -> asyncio.Future[Any]:
        """Send a command, and return its answer to come. Raises redis-py's errors, as the answer does."""
        if not self.open:
            raise BrokenConnection("the connection was closed")
        self._transport.write(packed(command))
        answer, deadline = self._loop.create_future(), self._loop.time() + self._patience
        self._asked.append((answer, deadline))
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._look_at_deadline)
        return answer

    def retire(self) -> None:
        """Take no more questions, and close once those that were asked are answered."""
        self.open = False
        if not self._asked:
            self._close(BrokenConnection("the connection was left"))

    async def aclose(self) -> None:
        self._close(BrokenConnection("the connection was closed"))
        await asyncio.wait([self._lost])

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not UNFINISHED:
                self._give(answer)
        except InvalidResponse as error:
            self._close(error)
        if not (self.open or self._asked):
            self._close(BrokenConnection("the connection was left"))

    def connection_lost(self, exc: Exception | None) -> None:
        why = "" if exc is None else f": {type(exc).__name__}"
        self._close(BrokenConnection(f"the server has closed the connection{why}"))
        if not self._lost.done():
            self._lost.set_result(None)

    def _give(self, answer: Any) -> None:
        """Give an answer to whoever has waited longest."""
        if not self._asked:
            raise InvalidResponse("it answers what nobody has asked")
        future, _ = self._asked.popleft()
        if future.done():
            return  # whoever asked was cancelled
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def _look_at_deadline(self) -> None:
        """Close the connection where an answer is overdue. One timer serves all: the oldest is due first."""
        self._timer = None
        if not self._asked:
            return
        _, deadline = self._asked[0]
        if deadline <= self._loop.time():
            self._close(NoAnswer("no answer in time"))
        else:
            self._timer = self._loop.call_at(deadline, self._look_at_deadline)

    def _close(self, error: RedisError) -> None:
        """Close the connection at once. Whoever still waits is told the error."""
        self.open = False
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()
        self._opened.let_go()
        while self._asked:
            future, _ = self._asked.popleft()
            if not future.done():
                future.set_exception(type(error)(*error.args))
