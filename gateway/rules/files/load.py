"""Finding the files of a rule set and loading them; never raises for what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files.assemble import assemble
from gateway.rules.files.findings import Finding, Level, Place
from gateway.rules.files.raw import Written
from gateway.rules.files.reader import Reader
from gateway.rules.files.sections import read_file
from gateway.rules.files.yaml_bombs import Unfolding, refuse_bombs

LARGEST_FILE = 16 << 20
FOLDER_FILES = ("_folder.yaml", "_folder.yml")
TESTS = "tests"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Loaded:
    """`rulebook` is None where a finding is an error."""

    rulebook: Rulebook | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.level is Level.ERROR)


def load_rules(path: Path, now: int) -> Loaded:
    """One file, or all `*.yaml` and `*.yml` of a folder and its sub-folders (`tests/` aside) as one set, looked at `now` (ms)."""
    findings: list[Finding] = []
    written = Written()
    files = _files(path)
    if not files:
        missing = "there is no such file or folder" if not path.exists() else "no *.yaml file in this folder"
        return Loaded(None, (Finding(Level.ERROR, Place(str(path)), missing),))
    texts = {file: _read(file, findings) for file in files}
    within = _within_folders(texts, findings)
    digest = sha256()
    empty = True
    for file, text in texts.items():
        digest.update(f"{file.relative_to(path) if path.is_dir() else file.name}\0{text}\0".encode("utf-8", "surrogateescape"))
        root = _compose(file, text, findings) if file.name not in FOLDER_FILES else None
        if root is not None:
            empty = False
            read_file(Reader(str(file), findings), root, within.get(file.parent, ()), written)
    if empty and not findings:  # a file that is just being written, for instance
        findings.append(Finding(Level.ERROR, Place(str(path)), "no rule stands here: nobody would be told of anything"))
    rulebook = assemble(written, digest.hexdigest()[:16], findings, now)
    ordered = tuple(
        sorted(findings, key=lambda one: (one.place.file.encode("utf-8", "surrogateescape"), one.place.line, one.place.column))
    )
    failed = any(one.level is Level.ERROR for one in ordered)
    return Loaded(None if failed else rulebook, ordered)


def fingerprint_files(path: Path) -> str:
    """Changes whenever a file of the set does; cheap enough to ask every second."""
    states = []
    for file in _files(path):
        try:
            state = file.stat()
        except OSError:
            continue
        states.append(f"{file}\0{state.st_mtime_ns}\0{state.st_size}\0{state.st_ino}")
    return sha256("\n".join(states).encode("utf-8", "surrogateescape")).hexdigest()


def _files(path: Path) -> list[Path]:
    """By path, bytewise; a folder's own file before everything in it."""
    if path.is_file():
        return [path]
    found = [
        file
        for file in path.rglob("*")
        if file.suffix in (".yaml", ".yml") and file.is_file() and not _aside(file.relative_to(path))
    ]
    return sorted(found, key=lambda file: str(file).encode("utf-8", "surrogateescape"))


def _aside(relative: Path) -> bool:
    return any(part == TESTS or part.startswith(".") for part in relative.parts[:-1]) or relative.name.startswith(".")


def _within_folders(texts: Mapping[Path, str], findings: list[Finding]) -> dict[Path, tuple[Matcher, ...]]:
    """What `_folder.yaml` adds to every rule of a folder, the folders above it included."""
    own: dict[Path, tuple[Matcher, ...]] = {}
    for file, text in texts.items():
        root = _compose(file, text, findings) if file.name in FOLDER_FILES else None
        if root is not None:
            reader = Reader(str(file), findings)
            given = reader.fields(root, ("within",))
            added = reader.matchers(given["within"]) if "within" in given else ()
            own[file.parent] = (*own.get(file.parent, ()), *added)
    folders = {file.parent for file in texts}
    return {
        folder: tuple(matcher for above in reversed((folder, *folder.parents)) for matcher in own.get(above, ()))
        for folder in folders
    }


def _read(file: Path, findings: list[Finding]) -> str:
    try:
        if file.stat().st_size > LARGEST_FILE:
            findings.append(Finding(Level.ERROR, Place(str(file)), f"the file is over {LARGEST_FILE >> 20} MiB"))
            return ""
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        findings.append(Finding(Level.ERROR, Place(str(file)), f"not UTF-8: byte {error.start}"))
    except OSError as error:
        findings.append(Finding(Level.ERROR, Place(str(file)), f"cannot be read: {error.strerror}"))
    return ""


def _compose(file: Path, text: str, findings: list[Finding]) -> yaml.Node | None:
    try:
        refuse_bombs(text, _Loader)
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(str(file), mark.line + 1, mark.column + 1) if mark else Place(str(file))
        said = str(error.problem) if isinstance(error, Unfolding) else f"not YAML: {error.problem or error.context}"
        findings.append(Finding(Level.ERROR, place, said))
    except yaml.YAMLError as error:
        findings.append(Finding(Level.ERROR, Place(str(file)), f"not YAML: {str(error).splitlines()[0]}"))
    return None
