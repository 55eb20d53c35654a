"""The page on statistics names every block, word and cut that a report has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from gateway.model.statistics.events import Trust
from gateway.model.statistics.request import By
from gateway.model.statistics.rows import Why
from gateway.model.statistics.settings import PERSONS_MODES

PAGE = (Path(__file__).parents[2] / "docs/statistics.md").read_text("utf-8")


@pytest.mark.parametrize("word", [*get_args(Why), *get_args(Trust), *PERSONS_MODES])
def test_every_word_is_explained_in_a_table(word: str) -> None:
    assert re.search(rf"^\| `{word}` \| [\w`]", PAGE, re.MULTILINE)


@pytest.mark.parametrize("by", get_args(By))
def test_every_cut_is_named(by: str) -> None:
    assert f"`{by}`" in PAGE
