"""The shipped files of Prometheus and Alertmanager, for programs that run on this machine and faster
than life.

Only addresses, paths and durations are changed, so that what runs is what is shipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.cli.stack.programs import StackError

DEPLOY = Path(__file__).parents[3] / "deploy"

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
WAITS = re.compile(r"\b(?P<key>(?:\w+_)?interval|group_wait|for): (?P<count>\d+)(?P<unit>ms|s|m|h|d)\b")
WINDOWS = re.compile(r"(?P<before>\[|offset )(?P<count>\d+)(?P<unit>ms|s|m|h|d)\b")
FILES_NAMED = re.compile(r"/etc/(?:alertmanager|prometheus)/[a-z-]+")


@dataclass(frozen=True, slots=True)
class ShippedFiles:
    """The files for one age of the programs, and the flags that their first lines ask for."""

    prometheus: Path
    alertmanager: Path
    prometheus_flags: tuple[str, ...] = ()
    alertmanager_flags: tuple[str, ...] = ()


RETENTION = "--storage.tsdb.retention.time=35d"
OLDER = ShippedFiles(DEPLOY / "prometheus/prometheus.yml", DEPLOY / "alertmanager.yml", (RETENTION,))
"""For every release since Prometheus 2.42 and Alertmanager 0.25."""
NEWER = ShippedFiles(
    DEPLOY / "prometheus/prometheus-3.yml",
    DEPLOY / "alertmanager-033.yml",
    (RETENTION, "--enable-feature=native-histograms"),
    ("--enable-feature=event-recorder",),
)
"""For Prometheus 3.5, Alertmanager 0.33 and newer."""
RULES = DEPLOY / "prometheus/rules"


def demand_checkout() -> None:
    """Raise StackError where the shipped files are not there, as in an installed package."""
    if not DEPLOY.is_dir():
        raise StackError(
            f"there is no {DEPLOY}: the stack runs files of the source tree, which an installed package does not"
            " have; take a checkout, and call `make demo ARGS=--stack` there"
        )


def shorter(seconds: float, speed: float) -> str:
    """Return a duration of life, `speed` times shorter, as the programs write it."""
    return f"{max(1, round(1_000 * seconds / speed))}ms"


def sped_up(text: str, speed: float) -> str:
    """Divide every duration of a configuration or of a file of rules by `speed`.

    These are its intervals, its waits (`group_wait`, `for`), and the windows and offsets of its expressions
    (`[5m]`, `offset 1m`). The label `window` keeps its name, which other expressions ask for.
    """

    def divided(found: re.Match[str]) -> str:
        return shorter(int(found["count"]) * SECONDS[found["unit"]], speed)

    text = WAITS.sub(lambda found: f"{found['key']}: {divided(found)}", text)
    return WINDOWS.sub(lambda found: f"{found['before']}{divided(found)}", text)


def with_addresses(text: str, addresses: Mapping[str, str | Sequence[str]]) -> str:
    """Put addresses of this machine in place of the shipped ones; a list of targets takes several."""
    for shipped, here in addresses.items():
        if isinstance(here, str):
            text = text.replace(shipped, here)
        else:
            text = text.replace(f'"{shipped}"', ", ".join(f'"{address}"' for address in here))
    return text


def with_files_in(folder: Path, text: str, **contents: str) -> str:
    """Write the files that a shipped configuration names, and return it with their paths in `folder`.

    The contents go by the last part of a path, with `_` in place of `-`; others have the text `secret`.
    """
    for path in set(FILES_NAMED.findall(text)):
        name = path.rpartition("/")[2]
        (folder / name).write_text(contents.get(name.replace("-", "_"), "secret"), "utf-8")
        text = text.replace(path, str(folder / name))
    return text


def write_rules(folder: Path, speed: float) -> None:
    """Write the shipped rules, sped up, where the shipped `rule_files` look for them."""
    folder.mkdir()
    for path in sorted(RULES.glob("*.yml")):
        (folder / path.name).write_text(sped_up(path.read_text("utf-8"), speed), "utf-8")
