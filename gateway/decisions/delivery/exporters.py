"""Know the exporters, which speak of other things: which labels of an alert are about the exporter itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from gateway.decisions.delivery.addresses import is_numeric_with_port

Labels = Mapping[str, str]

# Before the name of a metric's own label, where the scraped target has one of that name.
EXPORTED = "exported_"
_KNOWN_EXPORTERS = (
    "kube-state-metrics", "node-exporter", "windows-exporter", "blackbox", "cadvisor", "kubelet", "pushgateway",
)  # fmt: skip
# These speak for others from a place of their own, so that their address says nothing of what is broken.
_SPEAKS_FOR_OTHERS = frozenset({"kube-state-metrics", "pushgateway"})
_ANY_EXPORTER = re.compile(r"(?:[a-z0-9]+-)?[a-z0-9]*exporter(?![a-z0-9])")


def exporter_in(labels: Labels) -> str:
    for name in ("job", "service", "container"):
        if (text := labels.get(name)) and (found := _exporter(text)):
            return found
    return ""


def labels_of_exporter(labels: Labels, exporter: str) -> frozenset[str]:
    """Return the names of the labels that speak of an exporter."""
    named = {
        name
        for name in ("job", "service", "app", "container", "pod")
        if exporter in _plain(labels.get(name, ""))
    }
    # The port of the scrape, and what the scraped target is called where the metric has the same label.
    scrape = {"endpoint", *(name.removeprefix(EXPORTED) for name in labels if name.startswith(EXPORTED))}
    return frozenset(named | scrape | ({"instance"} if exporter in _SPEAKS_FOR_OTHERS else set()))


def is_scrape(chosen: str, labels: Labels, exporter: str) -> bool:
    """Return whether a label says no more than that, or where, an exporter was scraped."""
    if chosen in ("", "prometheus"):
        return True
    # The known ones run on the machine, or are told the address, of which they speak. Any other has the
    # address of its pod, which says nothing to anybody.
    return chosen == "instance" and exporter not in _KNOWN_EXPORTERS and is_numeric_with_port(labels[chosen])


@lru_cache(maxsize=10_000)  # jobs, services and containers are few beside the alerts that name them
def _exporter(text: str) -> str:
    """Return the exporter that a name holds, such as node-exporter in `kps-prometheus-node-exporter`."""
    name = _plain(text)
    known = next((exporter for exporter in _KNOWN_EXPORTERS if exporter in name), "")
    found = None if known else _ANY_EXPORTER.search(name)
    return found[0] if found else known


def _plain(text: str) -> str:
    return text.lower().replace("_", "-")
