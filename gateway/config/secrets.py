"""The secrets that rule files name, and their marks.

A mark is a keyed hash of a secret. The store keeps marks, so that a changed secret is noticed and none is
stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import blake2b
from secrets import token_bytes

import structlog

from gateway.config.environment import Environment
from gateway.errors import BadSettings
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.ports import Store
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.vault")

KEY_BYTES, MARK_BYTES, KEY_NAME_BYTES = 32, 16, 4
KEY = Cell(Table.META, "vault")


class EnvironmentSecrets:
    """The secrets of the environment by name. `key` is the store's key of marks (`mark_key`)."""

    def __init__(self, environment: Environment, key: bytes) -> None:
        self._environment = environment
        self.use_key(key)
        self._unreadable: set[str] = set()  # the names that a log line was written of

    def secret(self, name: str, taker: str) -> str | None:
        """Return a secret, or None if it is not set, its file has gone or rules may not have it.

        A destination that needs it then fails, until the secret is back; it is no fault of the gateway.
        """
        return None if self.refused(name, taker) else self.own(name)

    def own(self, name: str) -> str | None:
        """Return a secret that no rule names: the gateway itself asks for it."""
        try:
            secret = self._environment.secret(name)
        except BadSettings as error:
            # It is asked for every few seconds: one line says when it went, and one when it is back.
            if name not in self._unreadable:
                with OWN_WORK.failed("secret"):
                    log.warning("secret_unreadable", secret=name, error=str(error))
            self._unreadable.add(name)
            return None
        if name in self._unreadable:
            log.info("secret_readable_again", secret=name)
            self._unreadable.discard(name)
        return secret

    def configured(self, name: str) -> bool:
        return self._environment.configured(name)

    def refused(self, name: str, taker: str) -> str:
        return self._environment.refused(name, taker)

    def why_missing(self, name: str, taker: str) -> str:
        return self._environment.why_missing(name, taker)

    @property
    def redact_key(self) -> bytes:
        return self._redact_key

    @property
    def key_name(self) -> str:
        return blake2b(self._key, digest_size=KEY_NAME_BYTES).hexdigest()

    def use_key(self, key: bytes) -> None:
        """Make marks with another key: the store that had the one before was emptied, and every mark with it."""
        self._key = key
        self._redact_key = blake2b(b"labels.redact", key=key, digest_size=KEY_BYTES).digest()

    def mark(self, secret: str) -> str:
        return blake2b(secret.encode(), key=self._key, digest_size=MARK_BYTES).hexdigest()

    def mark_together(self, names: Iterable[str]) -> str:
        return self.mark("\n".join(self.own(name) or "" for name in names))


async def mark_key(store: Store) -> bytes:
    """Return the key of the marks, which is made once per store. Raises `StateUnavailable`."""
    new = token_bytes(KEY_BYTES)

    def decide(gathered: Result) -> tuple[Changes | None, bytes]:
        row = gathered.rows[KEY]
        if row.value:  # made before, perhaps by another replica just now
            return None, row.value
        return Changes(expect={KEY: row.version}, put={KEY: new}), new

    return (await transact(store, "mark_key", partial(store.gather, Query(cells=(KEY,))), decide)).answer
