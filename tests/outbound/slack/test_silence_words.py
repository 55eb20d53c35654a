"""What people write behind `/alerts silence` is read as they mean it."""

from __future__ import annotations

import pytest

from gateway.outbound.slack.silence_words import WrittenSilence, read_silence
from gateway.outbound.slack.views import Asked


@pytest.mark.parametrize(
    ("text", "incident", "asked"),
    [
        pytest.param("", "", Asked("", "1h", "", ""), id="nothing: the modal asks"),
        pytest.param("1f2e3d4c", "1f2e3d4c", Asked("", "1h", "", ""), id="an incident"),
        pytest.param("1f2e3d4c for 2h", "1f2e3d4c", Asked("", "2h", "", ""), id="an incident, and how long"),
        pytest.param("service=cart", "", Asked("service=cart", "1h", "", ""), id="a matcher"),
        pytest.param(
            'HighErrorRate severity=~"info|warning" --for 30m',
            "",
            Asked('alertname="HighErrorRate"\nseverity=~"info|warning"', "30m", "", ""),
            id="a bare alert name in the first place, as the command takes it",
        ),
        pytest.param(
            'summary="wait for it" until resolved because of a "deploy"',
            "",
            Asked('summary="wait for it"', "", 'of a "deploy', ""),
            id="a word of ours within quotes is none",
        ),
        pytest.param(
            "cluster=“eu 1” —until-resolved —ticket OPS-1",
            "",
            Asked('cluster="eu 1"', "", "", "OPS-1"),
            id="what phones put in the place of quotes and dashes",
        ),
        pytest.param(
            '{service="cart", severity!="info"} for 1d',
            "",
            Asked('{service="cart", severity!="info"}', "1d", "", ""),
            id="a selector as Prometheus writes it",
        ),
        pytest.param(
            'path=~"a&amp;b&lt;c"',
            "",
            Asked('path=~"a&b<c"', "1h", "", ""),
            id="what Slack escapes on the way",
        ),
        pytest.param("service = cart", "", Asked("service = cart", "1h", "", ""), id="with spaces"),
        pytest.param(
            'service="car', "", Asked('service="car', "1h", "", ""), id="what is no matcher is shown"
        ),
    ],
)
def test_what_is_written(text: str, incident: str, asked: Asked) -> None:
    assert read_silence(text) == WrittenSilence(incident, asked)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("service=cart for ever", "For how long?"),
        ("service=cart for 0s", "For how long?"),
        ("service=cart for", "For how long?"),
        ("service=cart until 18:00", "For how long?"),
        ("service=cart --during nights", "There is no `--during` here"),
    ],
)
def test_what_cannot_be_meant_is_said(text: str, said: str) -> None:
    found = read_silence(text)
    assert isinstance(found, str)
    assert said in found
