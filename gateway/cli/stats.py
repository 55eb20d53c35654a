"""`gateway stats`: the figures of a running gateway, and the events that they are made of."""

from __future__ import annotations

from typing import Any, get_args

import click

from gateway.cli.api_client import ask, ask_for_text, understood
from gateway.cli.moments import read_past_moment
from gateway.cli.options import AS_JSON, BY, examples
from gateway.cli.output import list_of, out, say, say_json, say_json_lines, text
from gateway.decisions.statistics.in_words import NOT_KNOWN, length, percent, row_in_words, why_no_persons
from gateway.model.statistics.request import Bucket, By

PATH = "/api/v1/statistics"
BAR = "█"
BAR_WIDTH = 24
NIGHT = (*range(22, 24), *range(7))
VERDICTS = {
    "met": "green",
    "missed": "red",
    "undecided": "yellow",
    "no_labels": "dim",
}


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "gateway stats",
        "gateway stats --by alertname --from 7d",
        "gateway stats --by team --bucket week --tz Europe/Berlin --csv",
        "gateway stats --export > events.ndjson",
        "gateway stats forget-person 'Bob Miller'",
    ),
)
@click.option(
    "--from",
    "from_",
    metavar="TIME",
    callback=read_past_moment,
    help="the window begins here, such as 7d or 2026-11-01; 28 days ago unless given",
)
@click.option("--to", metavar="TIME", callback=read_past_moment, help="and ends here; now unless given")
@click.option(
    "--as-of",
    metavar="TIME",
    callback=read_past_moment,
    help="leave out what came after this, as an old report did",
)
@click.option("--tz", metavar="ZONE", help="the time zone of days and hours; UTC unless given")
@click.option("--by", type=click.Choice(get_args(By)), help="how rows are cut")
@click.option("--bucket", type=click.Choice(get_args(Bucket)), help="how the window is cut")
@click.option("--csv", "as_csv", is_flag=True, help="every figure, a column each")
@click.option("--export", is_flag=True, help="the events that all figures are made of (role administer)")
@click.option("--names", is_flag=True, help="say whose rows by person are whose (role administer)")
@AS_JSON
@click.pass_context
def stats(
    context: click.Context,
    /,
    *,
    as_csv: bool,
    export: bool,
    as_json: bool,
    names: bool,
    **given: str | None,
) -> None:
    """Say how many pages were worth the interruption, how long things take, and what quiet costs.

    docs/statistics.md says of each figure how it is made, and what it does not say.
    """
    if context.invoked_subcommand is not None:
        return
    if as_csv + export + as_json > 1:
        raise click.UsageError("--csv, --export and --json exclude each other")
    asked = {name.strip("_").replace("-", "_"): value for name, value in given.items() if value}
    if export:
        window = {name: value for name, value in asked.items() if name in ("from", "to")}
        say_json_lines(ask_for_text(f"{PATH}/events", params=window))
    elif as_csv:
        for line in ask_for_text(PATH, params={**asked, "format": "csv"}).splitlines():
            say(line)
    else:
        found = ask("GET", PATH, params=asked)
        if names:
            _put_names(found)
        say_json(found) if as_json else print_report(found)


@stats.command(name="forget-person", epilog=examples("gateway stats forget-person 'Bob Miller'"))
@click.argument("name")
@BY
def forget_person(name: str, by: str | None) -> None:
    """Forget the name of a person (role administer). The pseudonym stays in the events until they are
    compacted.
    """
    found = ask("POST", f"{PATH}/persons/forget", json={"name": name, "by": by})
    with understood():
        say(f"forgotten: {found['person']} has no name any more")


def _put_names(found: dict[str, Any]) -> None:
    """Put names in the place of pseudonyms. That somebody looked is written down by the gateway."""
    listed = ask("GET", f"{PATH}/persons")
    with understood():
        names = {person["person"]: person["name"] for person in listed["items"]}
        for row in found["rows"] if found["by"] == "person" else ():
            row["key"] = names.get(row["key"], row["key"])


def print_report(found: dict[str, Any]) -> None:
    out.print(text(f"{found['from']} to {found['to']}, as of {found['as_of']}"))
    if not found["complete"]:
        out.print(text(f"NOT complete: {', '.join(found['incomplete_because'])}", style="red"))
    for said in row_in_words(found["total"]):
        out.print(text(said.text, style=VERDICTS.get(said.verdict, "")))
    if found["by"] != "none" or found["bucket"] != "none":
        _print_rows(found)
    hours = found["total"]["load"]["by_hour"]
    if hours:
        _print_hours(hours)


def _print_rows(found: dict[str, Any]) -> None:
    table = list_of(
        found["by"],
        "from",
        "pages",
        "calls",
        "labelled",
        "precision",
        "verdict",
        "MTTR",
        folded=[found["by"]],
    )
    for row in found["rows"]:
        precision = row["precision"]
        table.add_row(
            text(row["key"] if row["key"] is not None else NOT_KNOWN),
            text((row["bucket_start"] or "")[:10]),
            text(str(row["counts"]["pages"])),
            text(str(row["counts"]["calls"])),
            text(str(row["labels"]["labelled"])),
            text(percent(precision["value"])),
            text(precision["verdict"], style=VERDICTS.get(precision["verdict"], "")),
            text(length(row["mttr"]["median_seconds"])),
        )
    out.print(table, soft_wrap=False)
    if found["by"] == "person" and (why := why_no_persons(found["rows"])):
        out.print(text(f"No row is of another person: {why}"))


def _print_hours(hours: list[int]) -> None:
    """Plot the calls by the hour of those who were called; the night stands out."""
    most = max(hours) or 1
    for hour, calls in enumerate(hours):
        bar = BAR * round(calls / most * BAR_WIDTH)
        out.print(text(f"{hour:02} {bar} {calls}", style="magenta" if hour in NIGHT else ""))
