"""CPU that short commands of `gateway` take: what a person at a prompt, or a shell that completes a word,
waits for.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from tests.bench.bench import Bench

RUNS = 5
# As the console script has it
GATEWAY = "import sys; sys.argv[0] = 'gateway'; from gateway.__main__ import main; main()"
COMPLETION = {"_GATEWAY_COMPLETE": "bash_complete", "COMP_WORDS": "gateway inc", "COMP_CWORD": "1"}
CASES: tuple[tuple[str, list[str], dict[str, str]], ...] = (
    ("python -c pass", ["-c", "pass"], {}),
    ("gateway --version", ["-m", "gateway", "--version"], {}),
    ("gateway --help", ["-m", "gateway", "--help"], {}),
    ("completion of a word", ["-c", GATEWAY], COMPLETION),
)


async def startup(_: Bench) -> None:
    print(f"CPU of a short command in s, user and system, median of {RUNS} | beside an empty Python")
    empty = 0.0
    for what, arguments, variables in CASES:
        cost = statistics.median(_cpu_seconds(arguments, variables) for _ in range(RUNS))
        empty = empty or cost
        print(f"  {what:28} {cost:8.3f} | {cost - empty:+8.3f}")


def _cpu_seconds(arguments: list[str], variables: dict[str, str]) -> float:
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, env=os.environ | variables
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return usage.ru_utime + usage.ru_stime
