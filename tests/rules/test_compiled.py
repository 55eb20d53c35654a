"""Rules are compiled when a gateway starts, or refused with every error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BadRules
from gateway.rules.compiled import load_or_refuse
from tests.support.build import START

GOOD = """destinations:
  chat:  {slack: {channel: C1}}
  other: {slack: {channel: C2}}
routes:
  - {name: everything, notify: [chat, other], group_wait: 10s}
"""
BAD = GOOD.replace("notify", "notifi")


# A bad set


def test_a_bad_set_at_the_start_is_refused_with_every_error(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(BAD.replace("group_wait: 10s", "group_wait: soon"))
    with pytest.raises(BadRules, match=r"(?s):5:24: .*notifi.*:5:") as caught:
        load_or_refuse(tmp_path / "rules.yaml", START)
    assert len(str(caught.value).splitlines()) >= 2
