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

from gateway.decisions.delivery.addresses import without_port
from gateway.decisions.delivery.exporters import EXPORTED, exporter_in, is_scrape, labels_of_exporter
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
# These name what was scraped, unless an exporter speaks of something else by them.
_OF_TARGET = frozenset({"pod", "container", "node", "service", "app", *_LAST})


# Nobody looks for the fault by these: ids for machines, and the labels that a node or a scrape has anyway.
_NOISE = re.compile(
    r"uid|prometheus|endpoint|metrics_path|id|image|image_id|image_spec|container_id|pod_template_hash|"
    r"controller_revision_hash|pod_uid|__.*|(?:.*_)?k(?:8s|ubernetes)_io_.*|failure_domain_.*"
)


@dataclass(frozen=True, slots=True)
class Thing:
    """`name` is what is broken and `scope` its namespace, or its cluster where it has none; either may be
    empty. `passed_over` are the labels that speak of the exporter instead. `of_target`: it is what was
    scraped, so that `namespace` says where it is, even beside an `exported_namespace`.
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
    exporter = exporter_in(labels)
    passed_over = labels_of_exporter(labels, exporter) if exporter else frozenset()
    ranking = _ranking(rules.thing, rules.service)
    chosen = _first(ranking, labels, passed_over)
    if exporter and is_scrape(chosen, labels, exporter):
        if labels.get(EXPORTED + "namespace"):
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


def in_reading_order(labels: Labels, passed_over: frozenset[str], rules: LabelRules) -> tuple[str, ...]:
    """Return the names of the labels by which people know the thing first, those for machines last."""
    return _ordered(tuple(labels), passed_over, rules.scope, rules.thing, rules.service)


@lru_cache(maxsize=256)
def _ordered(
    names: tuple[str, ...],
    passed_over: frozenset[str],
    scope: tuple[str, ...],
    thing: tuple[str, ...],
    service: tuple[str, ...],
) -> tuple[str, ...]:
    """Alerts of one kind have the same labels, so that this is asked of many with the same answer."""
    first = dict.fromkeys((*with_exported(scope), *_ranking(thing, service)))
    known = [name for name in first if name in names and name not in passed_over and not is_noise(name)]
    others = [name for name in names if name not in first and not is_noise(name)]
    return tuple(dict.fromkeys((*known, *others, *names)))


@lru_cache(maxsize=256)
def plumbing_in(names: tuple[str, ...], passed_over: frozenset[str]) -> int:
    """Return how many of these labels say nothing of the thing: they are an exporter's, or for machines."""
    return sum(name in passed_over or is_noise(name) for name in names)


def thing_labels(rules: LabelRules) -> frozenset[str]:
    """Return the names of all labels that name a thing or its place: another value there is another thing."""
    return frozenset((*with_exported(rules.scope), *_ranking(rules.thing, rules.service)))


@lru_cache(maxsize=1024)
def is_noise(name: str) -> bool:
    return _NOISE.fullmatch(name) is not None


def place_of(
    labels: Labels, passed_over: frozenset[str], rules: LabelRules, *, of_target: bool = False
) -> dict[str, str]:
    """Return where it is, from wide to narrow: the scope and the service."""
    scope = _own(rules.scope, labels, passed_over, of_target=of_target)
    service = _own(rules.service, labels, passed_over, of_target=of_target)[:1]
    return {name.removeprefix(EXPORTED): labels[name] for name in (*scope, *service)}


@lru_cache(maxsize=16)
def _ranking(thing: tuple[str, ...], service: tuple[str, ...]) -> tuple[str, ...]:
    """Return label names, those that say most of the fault first. `job` names a service only at last."""
    services = (name for name in service if name != "job")
    return (*thing, *with_exported(_OBJECTS), *with_exported(services), *with_exported(_LAST))


def with_exported(names: Iterable[str]) -> Iterator[str]:
    """Yield each label behind the one of a metric that has its own of that name."""
    for name in names:
        yield from (EXPORTED + name, name)


def _first(ranking: Iterable[str], labels: Labels, passed_over: frozenset[str]) -> str:
    return next((name for name in ranking if labels.get(name) and name not in passed_over), "")


def _claim(labels: Labels) -> str:
    """Return the label of a volume's claim, empty where its namespace is not known."""
    known = labels.get("namespace") or labels.get(EXPORTED + "namespace")
    return _first(with_exported(("persistentvolumeclaim",)), labels, frozenset()) if known else ""


def _has_namespace(chosen: str, labels: Labels, passed_over: frozenset[str]) -> bool:
    """Return whether `namespace` is that of a label of the metric. A metric's own one would be
    `exported_namespace` beside an exported label.
    """
    return (
        not chosen.startswith(EXPORTED)
        and not (passed_over and chosen in _WITHOUT_NAMESPACE)
        and EXPORTED + "namespace" not in labels
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


def _own(names: Iterable[str], labels: Labels, passed_over: frozenset[str], *, of_target: bool) -> list[str]:
    """Return which of these labels there are, the metric's own before those of what was scraped."""
    own = (name if of_target or not labels.get(EXPORTED + name) else EXPORTED + name for name in names)
    return [name for name in own if labels.get(name) and name not in passed_over]
