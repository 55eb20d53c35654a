"""Find the files of a rule set and load them. Nothing in the files raises: each fault becomes a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from gateway.errors import BadRules
from gateway.model.matchers import Matcher
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files.assemble import assemble
from gateway.rules.files.findings import Finding, Level, Place
from gateway.rules.files.raw import RawRules
from gateway.rules.files.reader import Reader
from gateway.rules.files.sections import read_file
from gateway.rules.files.yaml_file import compose, read_text

REMEDY = "`gateway init` writes a starter set"
NO_RULES = f"there is no such file or folder: {REMEDY}"
FOLDER_FILES = ("_folder.yaml", "_folder.yml")  # their `within` holds for all rules of the folder
TESTS_FOLDER = "tests"  # holds tests of the rules, and no rules


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of loading: the findings, and the rule set, which is None if any finding is an error."""

    rulebook: Rulebook | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)

    def without_errors(self) -> Rulebook:
        """Return the rule set. Raises `BadRules` with every error in it."""
        if self.rulebook is None:
            raise BadRules("\n".join(str(error) for error in self.errors))
        return self.rulebook


def load_rules(path: Path, now: int) -> Loaded:
    """Load one file, or all `*.yaml` and `*.yml` of a folder and its sub-folders (not `tests/`), as one set.

    `now` (ms) decides which intervals and which maintenance are over.
    """
    findings: list[Finding] = []
    files = _files(path)
    # A misspelt path must not pass for an empty rule set, by which nobody would be notified.
    if not files:
        missing = NO_RULES if not path.exists() else f"no *.yaml or *.yml file in this folder: {REMEDY}"
        return Loaded(None, (Finding(Level.ERROR, Place(str(path)), missing),))
    # All files are read once, before anything is parsed: the revision and the rules come from the same bytes.
    texts = {file: read_text(file, findings) for file in files}
    raw = _read_set(path, texts, findings)
    rulebook = assemble(raw, _revision(path, texts), findings, now)
    # Such a set would take every alert and tell nobody: its writer believes that it is done.
    if not raw.routes and not any(finding.level is Level.ERROR for finding in findings):
        findings.append(
            Finding(Level.WARNING, Place(str(path)), "there is no route: nobody would be told of any alert")
        )
    ordered = _ordered(_pointing_elsewhere(path, findings, readable=not raw.unreadable))
    # One error refuses the whole set: half of the rules would tell the wrong people, and the old set is still
    # good.
    failed = any(finding.level is Level.ERROR for finding in ordered)
    return Loaded(None if failed else rulebook, ordered)


def _read_set(path: Path, texts: Mapping[Path, str], findings: list[Finding]) -> RawRules:
    """Return the sections of all files, and say which files hold none."""
    raw = RawRules(unreadable=bool(findings))
    within = _within_folders(texts, findings)
    empty = True
    hollow: list[Path] = []
    for file, text in texts.items():
        known = len(findings)
        root = compose(file, text, findings) if file.name not in FOLDER_FILES else None
        raw.unreadable = raw.unreadable or len(findings) > known
        if root is not None:
            empty = False
            reader = Reader(str(file), findings, _name(path, file), text)
            read_file(reader, root, within.get(file.parent, ()), raw)
        elif not text.strip():
            hollow.append(file)
    # A set without any rule would notify nobody: a file may just be being written, or the mount is empty.
    if empty and not findings:
        message = f"no rule stands here: nobody would be told of anything; {REMEDY}"
        findings.append(Finding(Level.ERROR, Place(str(path)), message))
    # Nobody writes an empty file on purpose: it was cut short, and the rules that it held are missing.
    if not empty:
        findings += [Finding(Level.WARNING, Place(str(file)), "the file is empty") for file in hollow]
    return raw


def _revision(path: Path, texts: Mapping[Path, str]) -> str:
    """Return the name of this set. The files' names count, since their order decides
    which rule takes an alert.
    """
    digest = sha256()
    for file, text in texts.items():
        digest.update(f"{_name(path, file)}\0{text}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _name(path: Path, file: Path) -> str:
    """Return how messages name a file of the set at `path`."""
    return str(file.relative_to(path)) if path.is_dir() else file.name


def _pointing_elsewhere(path: Path, findings: list[Finding], *, readable: bool) -> list[Finding]:
    """Add to each finding about a missing name that another file of the folder may have it.

    Those findings are dropped where a file is no YAML (not `readable`): the names may stand in that file.
    """
    if not readable:
        return [finding for finding in findings if not finding.elsewhere]
    if not path.is_file() or len(_files(path.parent)) == 1:
        return findings
    whole = f"another file has it, check the whole set: gateway check {path.parent}"
    return [
        replace(finding, message=f"{finding.message}{_joint(finding.message)} {whole}")
        if finding.elsewhere
        else finding
        for finding in findings
    ]


def _joint(message: str) -> str:
    """Return how the sentence about other files begins after `message`, which may end with a question."""
    return " If" if message.endswith("?") else "; if"


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return the findings by file, line and column."""

    def position(finding: Finding) -> tuple[bytes, int, int]:
        place = finding.place
        return place.file.encode("utf-8", "surrogateescape"), place.line, place.column

    return tuple(sorted(findings, key=position))


def file_state(path: Path) -> str:
    """Return a text that changes whenever a file of the set does.

    It only asks for the files' status, so it is cheap.
    """
    states = []
    for file in _files(path):
        try:
            state = file.stat()
        except OSError:  # the file was removed just now: the set has changed by that
            continue
        states.append(f"{file}\0{state.st_mtime_ns}\0{state.st_size}\0{state.st_ino}")
    return sha256("\n".join(states).encode("utf-8", "surrogateescape")).hexdigest()


def _files(path: Path) -> list[Path]:
    """Return the files ordered by the bytes of their paths, which is the order in which their rules apply."""
    if path.is_file():
        return [path]
    found = [
        file
        for file in path.rglob("*")
        if file.suffix in (".yaml", ".yml") and file.is_file() and not _aside(file.relative_to(path))
    ]
    return sorted(found, key=lambda file: str(file).encode("utf-8", "surrogateescape"))


def _aside(relative: Path) -> bool:
    in_skipped_folder = any(part == TESTS_FOLDER or part.startswith(".") for part in relative.parts[:-1])
    return in_skipped_folder or relative.name.startswith(".")


def _within_folders(texts: Mapping[Path, str], findings: list[Finding]) -> dict[Path, tuple[Matcher, ...]]:
    """Return by folder the matchers that its rules get from `_folder.yaml`, there and in folders above."""
    own: dict[Path, tuple[Matcher, ...]] = {}
    for file, text in texts.items():
        root = compose(file, text, findings) if file.name in FOLDER_FILES else None
        if root is not None:
            reader = Reader(str(file), findings)
            given = reader.fields(root, ("within",))
            added = reader.matchers(given["within"]) if "within" in given else ()
            own[file.parent] = (*own.get(file.parent, ()), *added)
    folders = {file.parent for file in texts}
    return {
        folder: tuple(
            matcher for above in reversed((folder, *folder.parents)) for matcher in own.get(above, ())
        )
        for folder in folders
    }
