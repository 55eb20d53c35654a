"""Slack's mrkdwn as HTML: what it shows, and that nothing in it does anything."""

from __future__ import annotations

import pytest

from gateway.sandbox.slack.mrkdwn import mrkdwn


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param(
            "*bold* _it_ ~gone~ a*b*c", "<b>bold</b> <i>it</i> <s>gone</s> a*b*c", id="styles at word borders"
        ),
        pytest.param("`a *b* <c>`", "<code>a *b* &lt;c&gt;</code>", id="code is left alone"),
        pytest.param("```\nx\ny```", "<pre>x\ny</pre>", id="a block of code"),
        pytest.param(
            "a &amp; b &lt;c&gt; &amp;lt;",
            "a &amp; b &lt;c&gt; &amp;lt;",
            id="the three escapes are undone once",
        ),
        pytest.param("&gt; said\nso", "<blockquote>said</blockquote>so", id="a quote"),
        pytest.param("hello <!here> <@U1|bob>", "@here", id="mentions are marked"),
        pytest.param("<!subteam^S1|@payments>", ">@payments</span>", id="a group by its label"),
        pytest.param(
            "*<https://x/?a=1&amp;b=2|go>*", '<b><a href="https://x/?a=1&amp;b=2"', id="a bold link"
        ),
        pytest.param(
            "<javascript:alert(1)|go>",
            "&lt;javascript:alert(1)|go&gt;",
            id="a link that would run code is text",
        ),
        pytest.param("<!date^1800000000^{date_num} {time}|then>", ">2027-01-15 08:00</time>", id="a date"),
        pytest.param(
            "<!date^never^{time}|08:00 UTC>", "08:00 UTC", id="a date that is none shows its fallback"
        ),
        pytest.param(":fire: :unknown_one:", "🔥 :unknown_one:", id="emoji that are known"),
        pytest.param(
            "2001:db8:100:a::7", "2001:db8💯a::7", id="an emoji inside an address, as Slack shows it"
        ),
        pytest.param("job:fire:rate5m", "job🔥rate5m", id="an emoji inside a name"),
        pytest.param("02:46:10", "02:46:10", id="a time of day"),
        pytest.param("<!date^0^{time} ({ago})|then>", " ago)</time>", id="how long ago"),
        pytest.param("<!date^32503680000^{ago}|then>", ">in ", id="how long from now"),
        pytest.param("<script>", "&lt;script&gt;", id="a tag is text"),
        pytest.param("<>```` ` \0", "&lt;&gt;", id="odd ends are text"),
    ],
)
def test_mrkdwn_is_shown_as_slack_would(text: str, html: str) -> None:
    assert html in mrkdwn(text)
