"""Read one file as YAML. Nothing that stands in it raises: each fault becomes a finding."""

from __future__ import annotations

from pathlib import Path

import yaml

from gateway.rules.files.findings import Finding, Level, Place
from gateway.rules.files.node_words import commented_out
from gateway.rules.files.yaml_bombs import YamlBomb, compose_safely

MAX_FILE_BYTES = 16 << 20


def read_text(file: Path, findings: list[Finding]) -> str:
    """Return what stands in the file, empty where it cannot be read."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            findings.append(
                Finding(Level.ERROR, Place(str(file)), f"the file is over {MAX_FILE_BYTES >> 20} MiB")
            )
            return ""
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        findings.append(Finding(Level.ERROR, Place(str(file)), f"not UTF-8: byte {error.start}"))
    except OSError as error:
        findings.append(Finding(Level.ERROR, Place(str(file)), f"cannot be read: {error.strerror}"))
    return ""


def compose(file: Path, text: str, findings: list[Finding]) -> yaml.Node | None:
    """Return the document of a file, None for an empty one and for what is no YAML."""
    try:
        return compose_safely(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(str(file), mark.line + 1, mark.column + 1) if mark else Place(str(file))
        findings.append(Finding(Level.ERROR, place, _said(error, text, place)))
    except yaml.YAMLError as error:
        findings.append(Finding(Level.ERROR, Place(str(file)), f"not YAML: {str(error).splitlines()[0]}"))
    return None


def _said(error: yaml.MarkedYAMLError, text: str, place: Place) -> str:
    """Return what is wrong with the YAML. A tab cannot be seen in an editor, so it is named."""
    if isinstance(error, YamlBomb):
        return str(error.problem)
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or line[place.column - 1 : place.column] == "\t":
        return "not YAML: a tab; write spaces in its place"
    begun = error.context_mark.line if error.context_mark else place.line - 1
    hint = next(filter(None, map(commented_out, lines[begun : place.line])), "")
    return f"not YAML: {error.problem or error.context}{hint}"
