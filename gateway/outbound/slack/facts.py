"""The sentences of a Slack message about since when, how many, and who takes care of it, as blocks.

Our own words and times are mrkdwn, in which a time is shown in the reader's own zone. A value stands in plain
text, where nothing in it acts; a sentence of both is a row of elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from gateway.decisions.delivery.sentences import Moment, Sentence, Value
from gateway.outbound.slack.text import moment, mrkdwn_text, plain_text, section
from gateway.outbound.wording import shorten, tame

MAX_VALUE = 200

Block = dict[str, Any]


def fact_blocks(sentences: Iterable[Sentence], now: int) -> list[Block]:
    """Return the sentences as blocks; those that follow each other and are alike share one."""
    blocks: list[Block] = []
    for kind, alike in groupby(sentences, _kind):
        if kind == "mixed":
            blocks += [{"type": "context", "elements": list(_elements(sentence, now))} for sentence in alike]
        else:
            lines = ("".join(_written(part, now) for part in sentence) for sentence in alike)
            text = "\n".join(line for line in lines if line)
            blocks += [section(mrkdwn_text(text) if kind == "ours" else plain_text(text))] if text else []
    return blocks


def _kind(sentence: Sentence) -> str:
    if not any(isinstance(part, Value) for part in sentence):
        return "ours"
    return "mixed" if any(isinstance(part, Moment) for part in sentence) else "values"


def _written(part: str | Value | Moment, now: int) -> str:
    if isinstance(part, Value):
        return shorten(tame(part.text), MAX_VALUE)
    return moment(part.at, now, ago=part.ago) if isinstance(part, Moment) else part


def _elements(sentence: Sentence, now: int) -> Iterator[dict[str, Any]]:
    """Yield texts and times in turn; a vendor puts space between them, and refuses an empty one."""
    for is_time, parts in groupby(sentence, lambda part: isinstance(part, Moment)):
        text = "".join(_written(part, now) for part in parts).strip(" ")
        if text:
            yield mrkdwn_text(text) if is_time else plain_text(text)
