"""`python -m dashboards_as_code`: writes the dashboards, or imports them into a Grafana."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dashboards_as_code.board import rendered
from dashboards_as_code.boards import FOLDER, every_board
from dashboards_as_code.upload import NotImported, connected, upload


@click.group()
def main() -> None:
    """Write the dashboards as JSON, or import them into a Grafana."""


@main.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=FOLDER,
    show_default="deploy/grafana/dashboards",
)
def render(folder: Path) -> None:
    """Write each dashboard to a file of its own."""
    for board in every_board():
        (folder / board.file).write_text(rendered(board), "utf-8")
        click.echo(folder / board.file)


@main.command("import")
@click.option("--url", required=True, help="The address of Grafana, without a name or a password.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="Holds the token of a service account that may write dashboards.",
)
@click.option("--folder-uid", help="The folder of Grafana to import them into; without one, its root.")
@click.option("--overwrite", is_flag=True, help="Replace dashboards that are there already.")
@click.option("--insecure", is_flag=True, help="Show the token to another machine without TLS, too.")
def import_them(
    url: str, token_file: Path, folder_uid: str | None, *, overwrite: bool, insecure: bool
) -> None:
    """Import the dashboards that `render` has written."""
    token = token_file.read_text("utf-8").strip()
    if not token or not token.isascii() or token.split() != [token]:
        raise click.BadParameter("the file has to hold one token and nothing else", param_hint="--token-file")
    try:
        with connected(url, token, insecure=insecure) as grafana:
            for board in every_board():
                dashboard = json.loads((FOLDER / board.file).read_text("utf-8"))
                shown = upload(grafana, dashboard, overwrite=overwrite, folder_uid=folder_uid)
                click.echo(f"{board.title}: {shown}")
    except NotImported as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
