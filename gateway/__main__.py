"""The entry point of the `gateway` command and of `python -m gateway`. The commands are in `gateway/cli/`."""

from __future__ import annotations

from gateway.cli.main import cli, main

__all__ = ["cli", "main"]

if __name__ == "__main__":
    main()
