"""The evaluations that were made, in SQLite: a small pool of connections, of which each evaluation holds one."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluation.tasks import Task

POOL = 8  # connections, thus evaluations at a time
PATIENCE_SECONDS = 5.0  # for a free connection, and for a lock of the database
TABLE = """
CREATE TABLE IF NOT EXISTS evaluations (
    id INTEGER PRIMARY KEY, task_id TEXT NOT NULL, task_type TEXT NOT NULL, difficulty TEXT NOT NULL,
    model TEXT NOT NULL, score REAL)
"""


class DatabaseUnavailable(Exception):
    """No connection was free in time, or the database refused."""


@dataclass(frozen=True)
class Accuracy:
    """What one model got right of one task type: `score` is the sum of `asked` scores from 0 to 1."""

    model: str
    task_type: str
    asked: int
    score: float


class Results:
    """Opens its connections at once. Raises DatabaseUnavailable where the file cannot be used."""

    def __init__(self, path: Path, *, pool: int = POOL, patience: float = PATIENCE_SECONDS) -> None:
        self.path = path
        self.in_use = 0
        self._patience = patience
        self._free: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        with _refusals():
            for _ in range(pool):
                self._free.put(self._open())

    def _open(self) -> sqlite3.Connection:
        # Each is used by one thread at a time, which the pool sees to.
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is asked again
        connection.execute(TABLE)
        return connection

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection. Raises DatabaseUnavailable; what the block itself raises passes."""
        connection = self.lend()
        try:
            with _refusals():
                yield connection
        finally:
            self.take_back(connection)

    def lend(self) -> sqlite3.Connection:
        """Return a connection, which has to be given back. Raises DatabaseUnavailable."""
        try:
            connection = self._free.get(timeout=self._patience)
        except queue.Empty:
            raise DatabaseUnavailable(f"no connection was free for {self._patience:g} s") from None
        self.in_use += 1
        return connection

    def take_back(self, connection: sqlite3.Connection) -> None:
        self.in_use -= 1
        self._free.put(connection)

    def close(self) -> None:
        while not self._free.empty():
            self._free.get().close()

    def ping(self) -> bool:
        """Return whether it can be written."""
        try:
            with self.connection() as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except DatabaseUnavailable:
            return False
        return True

    def accuracies(self) -> list[Accuracy]:
        """What each model got right. Raises DatabaseUnavailable."""
        with self.connection() as connection:
            rows = connection.execute(
                "SELECT model, task_type, count(*), sum(score) FROM evaluations WHERE score IS NOT NULL"
                " GROUP BY model, task_type ORDER BY model, task_type"
            ).fetchall()
        return [Accuracy(*row) for row in rows]


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseUnavailable(f"the database refuses: {error}") from error


@_refusals()
def began(connection: sqlite3.Connection, task: Task, model: str) -> int:
    """Write down that an evaluation began; without a score it never ended. Returns its row."""
    done = connection.execute(
        "INSERT INTO evaluations (task_id, task_type, difficulty, model) VALUES (?, ?, ?, ?)",
        (task.task_id, task.task_type, task.difficulty, model),
    )
    return int(done.lastrowid or 0)


@_refusals()
def ended(connection: sqlite3.Connection, row: int, score: float) -> None:
    connection.execute("UPDATE evaluations SET score = ? WHERE id = ?", (score, row))
