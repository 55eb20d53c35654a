"""The two parts of a mail, plain text and HTML, both written from one `Content`."""

from __future__ import annotations

from html import escape

from gateway.outbound.mail.content import Content


def text_of(content: Content) -> str:
    where = [f"{name}: {value}" for name, value in content.where]
    links = [f"{name}: {address}" for name, address in content.links]
    alerts = [f"- {alert}" for alert in content.alerts]
    blocks = ([content.headline], content.facts, where, alerts, links, ["-- ", " · ".join(content.footer)])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def html_of(content: Content) -> str:
    """Plain markup without styles or images, which readers of mail show as they like."""
    rows = ((escape(name), escape(value)) for name, value in content.where)
    where = "".join(f"<tr><th align=left>{name}</th><td>{value}</td></tr>" for name, value in rows)
    alerts = "".join(f"<li>{escape(alert)}</li>" for alert in content.alerts)
    links = " · ".join(f'<a href="{escape(address)}">{escape(name)}</a>' for name, address in content.links)
    parts = (
        f"<h2>{escape(content.headline)}</h2>",
        f"<p>{'<br>'.join(escape(fact) for fact in content.facts)}</p>" if content.facts else "",
        f"<table>{where}</table>" if where else "",
        f"<ul>{alerts}</ul>" if alerts else "",
        f"<p>{links}</p>" if links else "",
        f"<p><small>{escape(' · '.join(content.footer))}</small></p>",
    )
    body = "\n".join(part for part in parts if part)
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'
