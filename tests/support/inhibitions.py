"""What inhibition means: sets of alerts with rules, and which of the alerts are kept quiet.

Most are the cases of Alertmanager's own tests and sentences of its documents
(https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule); a real Alertmanager is given the
very same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.matchers import parse_matchers
from gateway.model.rules.kinds import InhibitRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.topics import Topics
from tests.decisions.cases import alert

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Inhibition:
    """`alerts` by a name of their own; all fire but those in `ended`.

    `quiet` are those that must be inhibited.
    """

    says: str
    rules: Sequence[Mapping[str, Sequence[str]]]
    alerts: Mapping[str, Labels]
    quiet: frozenset[str] = frozenset()
    ended: frozenset[str] = field(default=frozenset())


def rule(source: str, target: str, *equal: str) -> dict[str, list[str]]:
    """One matcher on each side, or more with ` , ` between them."""
    return {
        "source_matchers": source.split(" , "),
        "target_matchers": target.split(" , "),
        "equal": list(equal),
    }


def compiled(rules: Sequence[Mapping[str, Sequence[str]]], partition_by: Sequence[str] = ()) -> Inhibitor:
    return Inhibitor(
        [
            InhibitRule(
                f"rule-{number}",
                BUILT_IN,
                tuple(one for text in given["source_matchers"] for one in parse_matchers(text)),
                tuple(one for text in given["target_matchers"] for one in parse_matchers(text)),
                tuple(given["equal"]),
            )
            for number, given in enumerate(rules)
        ],
        partition_by,
    )


def kept_quiet(case: Inhibition, partition_by: Sequence[str] = ()) -> set[str]:
    """By our rules: whoever watches a post at which somebody stands."""
    inhibitor, moves = compiled(case.rules, partition_by), Topics()
    for name, labels in case.alerts.items():
        inhibitor.move_to_topics(
            msgspec.structs.replace(alert(ended=0 if name in case.ended else None), id=name, labels=labels),
            moves,
        )
    manned = {topic for topic, _ in moves.add}
    firing = {name: labels for name, labels in case.alerts.items() if name not in case.ended}
    return {
        name
        for name, labels in firing.items()
        if any(topic in manned for one in inhibitor.subscriptions(labels) for topic in one.topics)
    }


S_T_E = [rule('s="1"', 't="1"', "e")]
TWO = [rule('s1="1"', 't1="1"', "e"), rule('s2="1"', 't2="1"', "e")]
SOURCES = {"source1": {"s1": "1", "t1": "2", "e": "1"}, "source2": {"s2": "1", "t2": "1", "e": "1"}}
NODE = [rule('alertname="NodeDown"', 'severity=~"warning|info"', "cluster", "node")]


def beside_sources(says: str, target: Labels, *, quiet: bool) -> Inhibition:
    return Inhibition(says, TWO, {**SOURCES, "target": target}, frozenset({"target"} if quiet else ()))


INHIBITIONS = [
    # Alertmanager's TestInhibit
    Inhibition("a target alone is not kept quiet", S_T_E, {"one": {"t": "1", "e": "f"}}),
    Inhibition(
        "a source that fires keeps its target quiet and not itself",
        S_T_E,
        {"one": {"t": "1", "e": "f"}, "two": {"s": "1", "e": "f"}},
        frozenset({"one"}),
    ),
    Inhibition(
        "a source that ended keeps nobody quiet",
        S_T_E,
        {"one": {"t": "1", "e": "f"}, "two": {"s": "1", "e": "f"}},
        ended=frozenset({"two"}),
    ),
    # its TestInhibitRuleHasEqual
    Inhibition(
        "without labels that must be equal any source will do",
        [rule('s="1"', 't="1"')],
        {"source": {"s": "1", "a": "x"}, "target": {"t": "1", "a": "y"}},
        frozenset({"target"}),
    ),
    Inhibition(
        "of two sources that agree one that fires is enough",
        S_T_E,
        {"over": {"s": "1", "e": "f", "c": "d"}, "on": {"s": "1", "e": "f", "c": "f"}, "target": {"t": "1", "e": "f"}},
        frozenset({"target"}),
        frozenset({"over"}),
    ),
    Inhibition(
        "two sources that both ended keep nobody quiet",
        S_T_E,
        {"over": {"s": "1", "e": "f", "c": "d"}, "gone": {"s": "1", "e": "f", "c": "f"}, "target": {"t": "1", "e": "f"}},
        ended=frozenset({"over", "gone"}),
    ),
    Inhibition("another value of the equal label does not count", S_T_E, {"s": {"s": "1", "e": "c"}, "t": {"t": "1", "e": "b"}}),
    # its TestInhibitRuleMatches
    beside_sources("it matches the target side of rule 1", {"t1": "1", "e": "1"}, quiet=True),
    beside_sources("it matches the target side of rule 2, whose source matches both sides", {"t2": "1", "e": "1"}, quiet=True),
    beside_sources("noise changes nothing", {"t1": "1", "t3": "1", "e": "1"}, quiet=True),
    beside_sources("it matches the target side of both rules", {"t1": "1", "t2": "1", "e": "1"}, quiet=True),
    beside_sources("it matches no target side", {"t1": "0", "e": "1"}, quiet=False),
    beside_sources("it matches both sides, and the source only one", {"s1": "1", "t1": "1", "e": "1"}, quiet=True),
    beside_sources("it matches both sides, and so does the source", {"s2": "1", "t2": "1", "e": "1"}, quiet=False),
    beside_sources("its equal label has another value", {"t1": "1", "e": "0"}, quiet=False),
    # its documents
    Inhibition(
        "a label that is missing on both sides is equal",
        NODE,
        {"down": {"alertname": "NodeDown", "node": "n1"}, "slow": {"alertname": "Slow", "severity": "info", "node": "n1"}},
        frozenset({"slow"}),
    ),
    Inhibition(
        "all labels missing on both sides are equal",
        NODE,
        {"down": {"alertname": "NodeDown"}, "slow": {"alertname": "Slow", "severity": "info"}},
        frozenset({"slow"}),
    ),
    Inhibition(
        "a missing label is an empty one",
        NODE,
        {
            "down": {"alertname": "NodeDown", "cluster": "", "node": "n"},
            "slow": {"alertname": "Slow", "severity": "info", "node": "n"},
        },
        frozenset({"slow"}),
    ),
    Inhibition(
        "a label that is missing on one side alone is not equal",
        NODE,
        {"down": {"alertname": "NodeDown", "cluster": "a"}, "slow": {"alertname": "Slow", "severity": "info"}},
    ),
    Inhibition(
        "an alert is not kept quiet by itself", [rule('a=~".+"', 'a=~".+"')], {"one": {"a": "1"}, "other": {"a": "2"}}
    ),
    Inhibition(
        "beside one that matches both sides another that matches the source alone still counts",
        [rule('s="1"', 't="1"')],
        {"both": {"s": "1", "t": "1", "n": "a"}, "two": {"s": "1", "t": "1", "n": "b"}, "only": {"s": "1"}},
        frozenset({"both", "two"}),
    ),
    Inhibition(
        "an alert that is kept quiet keeps others quiet",
        [rule('n="1"', 'n="2"'), rule('n="2"', 'n="3"')],
        {"first": {"n": "1"}, "second": {"n": "2"}, "third": {"n": "3"}},
        frozenset({"second", "third"}),
    ),
    Inhibition(
        "two that keep each other quiet are both quiet",
        [rule('n="1"', 'n="2"'), rule('n="2"', 'n="1"')],
        {"first": {"n": "1"}, "second": {"n": "2"}},
        frozenset({"first", "second"}),
    ),
    Inhibition(
        "the first rule has no source and the second has",
        [rule('s="absent"', 't="1"'), rule('s="1"', 't="1"')],
        {"source": {"s": "1"}, "target": {"t": "1"}},
        frozenset({"target"}),
    ),
    Inhibition(
        "several matchers of a side must all hold",
        [rule('s="1" , x!="no"', 't="1" , y=~"a|b"')],
        {"source": {"s": "1", "x": "no"}, "target": {"t": "1", "y": "a"}},
    ),
    Inhibition(
        "a matcher on an absent label holds where it accepts the empty value",
        [rule('s="1" , x=""', 't="1" , y!~"b.*"')],
        {"source": {"s": "1"}, "target": {"t": "1"}, "other": {"t": "1", "y": "bad"}},
        frozenset({"target"}),
    ),
    Inhibition(
        "a regular expression is anchored",
        [rule('s=~"a|b"', 't="1"')],
        {"source": {"s": "xa"}, "target": {"t": "1"}},
    ),
    Inhibition(
        "what must be equal is compared label by label, whatever stands in the values",
        [rule('s="1"', 't="1"', "a", "b")],
        {"source": {"s": "1", "a": "x\xffy", "b": "z"}, "target": {"t": "1", "a": "x", "b": "y\xffz"}},
    ),
    Inhibition(
        "the order of what must be equal does not matter",
        [rule('s="1"', 't="1"', "b", "a")],
        {"source": {"s": "1", "a": "1", "b": "2"}, "swapped": {"t": "1", "a": "2", "b": "1"}, "same": {"t": "1", "b": "2", "a": "1"}},
        frozenset({"same"}),
    ),
    Inhibition(
        "a rule may name one label as source and as what must be equal",
        [rule('cluster=~".+" , down="yes"', 'down=""', "cluster")],
        {
            "down": {"down": "yes", "cluster": "a"},
            "here": {"alertname": "X", "cluster": "a"},
            "there": {"alertname": "X", "cluster": "b"},
        },
        frozenset({"here"}),
    ),
]  # fmt: skip
