"""Choose the thing that is broken, as people should read it, from an alert's labels.

An exporter speaks of other things: `job`, `service`, `pod` or `namespace` of such an alert often name the
exporter, which is well. Those labels are passed over. This is for what people read alone: identity, join
keys, topology and inhibition go on reading the labels as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from gateway.model.rules.rulebook import LabelRules

Labels = Mapping[str, str]

# What is nearest to the fault comes first. `exported_pod` is Prometheus' name of the `pod` that a metric had,
# where the scraped target has a `pod` of its own:
# https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config (honor_labels)
_OBJECTS = (
    "pod", "container", "node", "device", "mountpoint", "deployment", "statefulset", "daemonset", "job_name",
    "persistentvolumeclaim", "persistentvolume", "replicaset", "cronjob", "horizontalpodautoscaler",
    "poddisruptionbudget", "resourcequota", "ingress", "host", "hostname", "nodename",
)  # fmt: skip
_LAST = ("instance", "endpoint", "job", "prometheus")
_PARTS = ("mountpoint", "device")  # parts of a machine: they are named behind it
_HOSTS = ("host", "hostname", "nodename")
_MACHINES = ("exported_node", "node", *_HOSTS, "exported_instance", "instance")
# These stand in no namespace, so that a `namespace` beside them is that of the exporter's own pod.
_WITHOUT_NAMESPACE = frozenset({*_MACHINES, *_PARTS, "persistentvolume"})
_EXPORTED = "exported_"
# These name what was scraped, unless an exporter speaks of something else by them.
_OF_TARGET = frozenset({"pod", "container", "node", "service", "app", *_LAST})

_KNOWN_EXPORTERS = (
    "kube-state-metrics", "node-exporter", "windows-exporter", "blackbox", "cadvisor", "kubelet", "pushgateway",
)  # fmt: skip
# These speak for others from a place of their own, so that their address says nothing of what is broken.
_SPEAKS_FOR_OTHERS = frozenset({"kube-state-metrics", "pushgateway"})
_ANY_EXPORTER = re.compile(r"(?:[a-z0-9]+-)?[a-z0-9]*exporter(?![a-z0-9])")
_ADDRESS = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.%]+)\]:\d{1,5}|(?P<host>[^\s:/\[\]]+):\d{1,5}")

# Nobody looks for the fault by these: ids for machines, and the labels that a node or a scrape has anyway.
_NOISE = re.compile(
    r"uid|prometheus|endpoint|metrics_path|id|image|image_id|image_spec|container_id|pod_template_hash|"
    r"controller_revision_hash|pod_uid|__.*|(?:.*_)?k(?:8s|ubernetes)_io_.*|failure_domain_.*"
)


@dataclass(frozen=True, slots=True)
class Thing:
    """`name` is what is broken and `scope` its namespace, or its cluster where it has none; either may be
    empty. `passed_over` are the labels that speak of the exporter instead. `of_target`: it is what was scraped,
    so that `namespace` says where it is, even beside an `exported_namespace`.
    """

    name: str
    scope: str
    passed_over: frozenset[str] = frozenset()
    of_target: bool = False

    def __str__(self) -> str:
        # An address of the web says by itself where it is.
        return (
            f"{self.scope}/{self.name}"
            if self.scope and self.name and "://" not in self.name
            else self.name or self.scope
        )


def thing_of(labels: Labels, rules: LabelRules) -> Thing:
    exporter = _exporter_in(labels)
    passed_over = _of_exporter(labels, exporter) if exporter else frozenset()
    ranking = _ranking(rules.thing, rules.service)
    chosen = _first(ranking, labels, passed_over)
    if exporter and _is_scrape(chosen, labels, exporter):
        if labels.get(_EXPORTED + "namespace"):
            # What the exporter counts in a namespace is about the namespace itself.
            chosen = ""
        elif (itself := _first(ranking, labels, frozenset())) != chosen:
            # Nothing is left but the exporter, so it is the exporter that is ill.
            chosen, passed_over = itself, frozenset()
    if chosen in _WITHOUT_NAMESPACE - {*rules.thing}:
        # A volume is known by its claim. The machine that it is mounted at says only where to look.
        chosen = _claim(labels) or chosen
    of_target = chosen in _OF_TARGET and not passed_over
    if not of_target and not _has_namespace(chosen, labels, passed_over):
        passed_over |= {"namespace"}
    scope = _own(rules.scope, labels, passed_over, of_target=of_target)
    name = _shown(chosen, labels, passed_over)
    return Thing(name, labels[scope[-1]] if scope else "", passed_over, of_target)


def in_reading_order(labels: Labels, passed_over: frozenset[str], rules: LabelRules) -> list[str]:
    """Return the names of the labels by which people know the thing first, those for machines last."""
    first = dict.fromkeys((*_with_exported(rules.scope), *_ranking(rules.thing, rules.service)))
    known = [name for name in first if name in labels and name not in passed_over and not is_noise(name)]
    others = [name for name in labels if name not in first and not is_noise(name)]
    return list(dict.fromkeys((*known, *others, *labels)))


def thing_labels(rules: LabelRules) -> frozenset[str]:
    """Return the names of all labels that name a thing or its place: another value there is another thing."""
    return frozenset((*_with_exported(rules.scope), *_ranking(rules.thing, rules.service)))


def is_noise(name: str) -> bool:
    return _NOISE.fullmatch(name) is not None


def place_of(
    labels: Labels, passed_over: frozenset[str], rules: LabelRules, *, of_target: bool = False
) -> dict[str, str]:
    """Return where it is, from wide to narrow: the scope and the service."""
    scope = _own(rules.scope, labels, passed_over, of_target=of_target)
    service = _own(rules.service, labels, passed_over, of_target=of_target)[:1]
    return {name.removeprefix(_EXPORTED): labels[name] for name in (*scope, *service)}


@lru_cache(maxsize=16)
def _ranking(thing: tuple[str, ...], service: tuple[str, ...]) -> tuple[str, ...]:
    """Return label names, those that say most of the fault first. `job` names a service only at last."""
    services = (name for name in service if name != "job")
    return (*thing, *_with_exported(_OBJECTS), *_with_exported(services), *_with_exported(_LAST))


def _with_exported(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from (_EXPORTED + name, name)


def _first(ranking: Iterable[str], labels: Labels, passed_over: frozenset[str]) -> str:
    return next((name for name in ranking if labels.get(name) and name not in passed_over), "")


def _exporter_in(labels: Labels) -> str:
    names = ("job", "service", "container")
    return next((found for name in names if (found := _exporter(labels.get(name, "")))), "")


def _of_exporter(labels: Labels, exporter: str) -> frozenset[str]:
    """Return the names of the labels that speak of an exporter."""
    named = {
        name
        for name in ("job", "service", "app", "container", "pod")
        if exporter in _plain(labels.get(name, ""))
    }
    # The port of the scrape, and what the scraped target is called where the metric has the same label.
    scrape = {"endpoint", *(name.removeprefix(_EXPORTED) for name in labels if name.startswith(_EXPORTED))}
    return frozenset(named | scrape | ({"instance"} if exporter in _SPEAKS_FOR_OTHERS else set()))


def _is_scrape(chosen: str, labels: Labels, exporter: str) -> bool:
    """Return whether a label says no more than that, or where, an exporter was scraped."""
    if chosen in ("", "prometheus"):
        return True
    # The known ones run on the machine, or are told the address, of which they speak. Any other has the address
    # of its pod, which says nothing to anybody.
    return chosen == "instance" and exporter not in _KNOWN_EXPORTERS and _is_scraped_at(labels[chosen])


def _is_scraped_at(address: str) -> bool:
    """Return whether this is a numeric address with a port."""
    host = without_port(address)
    try:
        return bool(ip_address(host)) and host != address
    except ValueError:
        return False


def _exporter(text: str) -> str:
    """Return the exporter that a name holds, such as node-exporter in `kps-prometheus-node-exporter`."""
    name = _plain(text)
    known = next((exporter for exporter in _KNOWN_EXPORTERS if exporter in name), "")
    found = None if known else _ANY_EXPORTER.search(name)
    return found[0] if found else known


def _plain(text: str) -> str:
    return text.lower().replace("_", "-")


def _claim(labels: Labels) -> str:
    """Return the label of a volume's claim, empty where its namespace is not known."""
    known = labels.get("namespace") or labels.get(_EXPORTED + "namespace")
    return _first(_with_exported(("persistentvolumeclaim",)), labels, frozenset()) if known else ""


def _has_namespace(chosen: str, labels: Labels, passed_over: frozenset[str]) -> bool:
    """Return whether `namespace` is that of a label of the metric. A metric's own one would be
    `exported_namespace` beside an exported label.
    """
    return (
        not chosen.startswith(_EXPORTED)
        and not (passed_over and chosen in _WITHOUT_NAMESPACE)
        and _EXPORTED + "namespace" not in labels
    )


def _shown(chosen: str, labels: Labels, passed_over: frozenset[str]) -> str:
    # A disk or an interface alone is found on every machine.
    if chosen in _PARTS:
        chosen = next((name for name in _MACHINES if labels.get(name) and name not in passed_over), chosen)
    shown = without_port(labels.get(chosen, ""))
    if chosen not in _MACHINES:
        return shown
    mountpoint, device = (labels.get(name, "") for name in _PARTS)
    if mountpoint and device:
        return f"{shown} {mountpoint} ({device})"
    return f"{shown} {mountpoint or device}".rstrip()


def without_port(address: str) -> str:
    """Return the host of `host:port`; anything else, an address of the web too, stays as it is."""
    found = _ADDRESS.fullmatch(address)
    return (found["v6"] or found["host"]) if found else address


def _own(names: Iterable[str], labels: Labels, passed_over: frozenset[str], *, of_target: bool) -> list[str]:
    """Return which of these labels there are, the metric's own before those of what was scraped."""
    own = (name if of_target or not labels.get(_EXPORTED + name) else _EXPORTED + name for name in names)
    return [name for name in own if labels.get(name) and name not in passed_over]
