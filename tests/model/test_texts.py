"""A text is shown with a sign for what cannot be shown."""

from __future__ import annotations

import pytest

from gateway.model.texts import readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", "plain", id="ASCII"),
        pytest.param("Größe 🔥", "Größe 🔥", id="anything whole"),
        pytest.param("disk \ud83d", "disk \ufffd", id="the first half of an emoji"),
        pytest.param("\udd25 disk", "\ufffd disk", id="its second half"),
        pytest.param("a\udcffb", "a\ufffdb", id="a byte that is no UTF-8"),
    ],
)
def test_a_half_of_a_pair_is_shown_as_one_sign(text: str, shown: str) -> None:
    assert readable(text) == shown
    assert readable(text).encode()
