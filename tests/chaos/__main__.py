"""`make chaos`: plays every kind of trouble, each in a process of its own, and writes the scorecard.

`python -m tests.chaos KIND …` plays these alone; `--write` puts the rows into docs/reliability.md, `--short` takes a
third of the alerts, `--list` says which kinds there are.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.chaos import scorecard
from tests.chaos.figures import Figures
from tests.chaos.kind import Kind
from tests.chaos.kinds import KINDS
from tests.chaos.scorecard import Result
from tests.chaos.stage import stage

SHORT = 0.34  # share of the alerts
LAST_WORDS = 20.0  # seconds for a kind that is over its limit to stop what it started


class Answer(msgspec.Struct):
    """What the process of a kind says at its end."""

    figures: Figures | None = None
    skipped: str = ""


def play(kind: Kind, share: float, place: int | None = None) -> Result:
    """Play a kind in a process of its own; whatever becomes of it, what it started is gone afterwards.

    Those that are played at the same time have another `place` each, and so other ports.
    """
    ports = {} if place is None else {"PYTEST_XDIST_WORKER": f"gw{place}"}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="gw-chaos-", ignore_cleanup_errors=True) as folder:
        arguments = [
            sys.executable,
            "-m",
            "tests.chaos",
            "--inside",
            folder,
            "--share",
            str(share),
            kind.name,
        ]
        process = subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **ports},
        )
        try:
            answer, trouble = process.communicate(timeout=kind.limit)
        except subprocess.TimeoutExpired:
            answer, trouble = b"", f"not over after {kind.limit:.0f} s".encode()
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                _, trouble = process.communicate(timeout=LAST_WORDS)
        finally:
            end_everything(process, Path(folder))
    load = max(load, os.getloadavg()[0])
    if process.returncode or not answer:
        words = trouble.decode("utf-8", "replace").strip()
        print(words[-3000:], file=sys.stderr)
        return Result(kind, None, words.rpartition("\n")[2][:200], load=load)
    found = msgspec.json.decode(answer, type=Answer)
    return Result(kind, found.figures, found.skipped, skipped=bool(found.skipped), load=load)


def end_everything(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Kill what a kind has left behind: its own processes, and embedded stores, which have sessions of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for found in folder.glob("*/data/store.pid"):
        with suppress(OSError, ValueError):
            os.kill(int(found.read_text()), signal.SIGKILL)


async def inside(kind: Kind, folder: Path, share: float) -> Answer:
    try:
        async with stage(folder, share) as ready:
            return Answer(figures=await kind.play(ready))
    except pytest.skip.Exception as skipped:
        return Answer(skipped=str(skipped))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("kinds", nargs="*", metavar="KIND", choices=[*KINDS, []])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--share", type=float, default=1.0, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.list:
        print("\n".join(f"{kind.name:24} {kind.done}" for kind in KINDS.values()))
        return 0
    if given.inside:
        answer = asyncio.run(inside(KINDS[given.kinds[0]], given.inside, given.share))
        sys.stdout.buffer.write(msgspec.json.encode(answer))
        return 0
    short = [name for name, kind in KINDS.items() if kind.short]
    chosen = given.kinds or (short if given.short else list(KINDS))
    return run(chosen, SHORT if given.short else 1.0, write=given.write)


def run(chosen: Sequence[str], share: float, *, write: bool) -> int:
    """Play those that need the machine for themselves one after another, and the others two at a time."""
    kinds = [KINDS[name] for name in chosen]
    held = True
    for width, batch in (
        (1, [one for one in kinds if one.alone]),
        (2, [one for one in kinds if not one.alone]),
    ):
        with ThreadPoolExecutor(width) as pool:
            playing = [pool.submit(play, kind, share, place % 8) for place, kind in enumerate(batch)]
            for done in as_completed(playing):
                result = done.result()
                held &= result.held
                print(f"{result.kind.name:24} {result.verdict}   {result.figures or ''}", flush=True)
                if write:
                    scorecard.write([result], list(KINDS))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
