"""The index of the agenda by lane, as it stands in a server."""

from __future__ import annotations

from gateway.storage.connections import Client
from gateway.storage.redis import RedisStore


async def assert_index_is_true(client: Client, store: RedisStore) -> None:
    """Every subject of the agenda stands in the index once, and nothing else does; every head is one."""
    listed = await client.ask("ZRANGE", store.keys["agenda"], 0, -1)
    texts = [text.decode() for text in await client.ask("ZRANGE", store.keys["lanes"], 0, -1)]
    subjects = sorted(subject_of(text) for text in texts)
    assert subjects == sorted(subject.decode() for subject in listed)
    first = {}
    for text in texts:
        queue, _, rest = text.partition("|")
        first.setdefault(queue, int(queue[0]) * 10**14 + int(queue[1]) * 10**13 + int(rest[:13]))
    reply = await client.ask("ZRANGE", store.keys["heads"], 0, -1, "WITHSCORES")
    heads = {name.decode(): int(score) for name, score in zip(reply[::2], reply[1::2], strict=True)}
    assert heads == first


def subject_of(text: str) -> str:
    queue, _, rest = text.partition("|")
    return f"{queue[2:]}{'|' if queue[2:].startswith('deliver:') else ':'}{rest[13:]}"
