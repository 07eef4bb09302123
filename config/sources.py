"""The sources of settings, each read into one layer of plain values.

One file: each source is one short function that makes the same kind of layer.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic_settings import EnvSettingsSource, SettingsError

from config.env_file import read_env_file
from config.errors import ConfigError, Problem
from config.settings import ENV_PREFIX, NESTED, Settings
from config.suggest import suggestion, unknown_names
from config.toml_lines import line_of
from config.tree import leaves, section_of

#: variables with the prefix that point to other sources and are not settings
POINTERS = ("CONFIG", "ENV_FILE", "SECRETS_DIR")
#: files in a folder of secrets: the value of `worker.key`, and the file that `dispatch.keys_file` names
WORKER_KEY_FILE, FARM_KEYS_FILE = "neonet-worker-key", "neonet-keys"

#: most characters of a file with settings: 100,000 miners need 15 million
_MOST_CHARS = 64_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """The values from one source."""

    #: name of the source in messages, e.g. `environment` or the path of a file
    source: str
    #: nested like the tree
    values: Mapping[str, object] = field(default_factory=dict)
    #: whether this source names settings as variables (FLEET_HTTP__CONNECTIONS) or with dots (http.connections)
    named_as_variables: bool = False
    problems: tuple[Problem, ...] = ()
    #: the text of a TOML file
    text: str = ""

    def place(self, path: Sequence[int | str]) -> str:
        """Where the value at `path` is written: the source, and the line of a file."""
        line = line_of(self.text, path)
        return self.source if line is None else f"{self.source}, line {line}"

    def spelling(self, name: str) -> str:
        """A dotted name in this source's notation."""
        return variable(name) if self.named_as_variables else name


def variable(name: str) -> str:
    """Return the environment variable of a dotted name."""
    return ENV_PREFIX + name.replace(".", NESTED).upper()


def from_overrides(overrides: Mapping[str, object]) -> Layer:
    """Read a caller's overrides, with nested or dotted names; None means not given."""
    values: dict[str, object] = {}
    for name, value in overrides.items():
        if value is not None:
            head, *rest = reversed(name.split("."))
            nested: dict[str, object] = {head: value}
            for part in rest:
                nested = {part: nested}
            values = merged(values, nested)
    return _checked("command line", values)


def from_variables(source: str, variables: Mapping[str, str | None]) -> Layer:
    """Read the variables with the prefix, in any case; empty ones count as not given.

    Sections and lists may be JSON. Variables without the prefix, and those in `POINTERS`, are ignored.
    """
    reader = EnvSettingsSource(Settings)
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for spelt, text in variables.items():
        name = spelt.lower()
        if not text or not name.startswith(ENV_PREFIX.lower()) or _is_pointer(name):
            continue
        dotted = name.removeprefix(ENV_PREFIX.lower()).replace(NESTED, ".")
        if not _is_known(dotted):
            problems.append(_unknown(spelt, source, dotted, named_as_variables=True))
            continue
        reader.env_vars = {name: text}
        try:
            values = merged(values, reader())
        except (SettingsError, RecursionError):
            # The parser's message would not help, and its cause holds the text, which may be secret.
            problems.append(Problem(name=spelt, source=source, reason="must be JSON, as it is a section or a list"))
    return _checked(source, values, named_as_variables=True, problems=problems)


def from_env_file(path: Path) -> Layer:
    """Read variables from a `.env` file. A value that Compose would read differently is a problem."""
    source = str(path)
    read = read_env_file(_read_text(path))
    layer = from_variables(source, read.values)
    unclear = (Problem(name=one.name, source=source, reason=one.reason, advice=one.advice) for one in read.unclear)
    return replace(layer, problems=(*unclear, *layer.problems))


def holds_settings(env_file: Path) -> bool:
    """Whether a `.env` file is readable and has a variable with the prefix."""
    try:
        read = read_env_file(_read_text(env_file))
    except ConfigError:
        return False
    return bool(read.unclear) or any(name.upper().startswith(ENV_PREFIX) for name in read.values)


def from_secrets(folder: Path) -> Layer:
    """Read a folder of files named like variables, with one value per file, as Docker mounts secrets.

    Two files stand for a variable under another name, which releases that do not know the variable ignore.
    """
    paths = sorted(_listed(folder))
    files = [path for path in paths if path.name.lower().startswith(ENV_PREFIX.lower())]
    found: dict[str, str | None] = {path.name: _read_text(path).strip() for path in files if path.is_file()}
    names = {path.name for path in paths}
    if WORKER_KEY_FILE in names:
        found.setdefault(variable("worker.key"), _read_text(folder / WORKER_KEY_FILE).strip())
    if FARM_KEYS_FILE in names:
        found.setdefault(variable("dispatch.keys_file"), str(folder / FARM_KEYS_FILE))
    return from_variables(str(folder), found)


def from_toml(path: Path) -> Layer:
    """Read a `fleet.toml`."""
    text = _read_text(path)
    try:
        values = tomllib.loads(text)
    except RecursionError as exc:
        raise ConfigError([Problem(name=str(path), source="file", reason="is nested too deeply")]) from exc
    except ValueError as exc:
        # a number of thousands of digits is no TOMLDecodeError, and its message names a function of Python
        reason = f"is not valid TOML: {str(exc).partition(';')[0]}"
        raise ConfigError([Problem(name=str(path), source="file", reason=reason)]) from exc
    return _checked(str(path), values, text=text)


def merged(low: Mapping[str, object], high: Mapping[str, object]) -> dict[str, object]:
    """Merge `high` over `low`, section by section; lists are replaced whole."""
    result = dict(low)
    for key, value in high.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def is_file(path: Path) -> bool:
    """Whether the file exists, as far as this user can see."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether the folder exists, as far as this user can see."""
    try:
        return path.is_dir()
    except OSError:
        return False


def unread(folder: Path) -> str | None:
    """Why this user can't read the folder, or None."""
    try:
        next(folder.iterdir(), None)
    except OSError as exc:
        return exc.strerror
    return None


def _is_pointer(name: str) -> bool:
    return name.removeprefix(ENV_PREFIX.lower()).upper() in POINTERS


def _is_known(dotted: str) -> bool:
    sections = (name for name, info in Settings.model_fields.items() if section_of(info) is not None)
    return dotted in {leaf.name for leaf in leaves(Settings)} or dotted in sections


def _checked(
    source: str,
    values: Mapping[str, object],
    *,
    named_as_variables: bool = False,
    problems: list[Problem] | None = None,
    text: str = "",
) -> Layer:
    layer = Layer(source=source, values=values, named_as_variables=named_as_variables, text=text)
    unknown = [
        _unknown(layer.spelling(name), layer.place(_path(name)), name, named_as_variables=named_as_variables)
        for name in unknown_names(values, Settings)
    ]
    return replace(layer, problems=(*(problems or ()), *unknown))


def _path(dotted: str) -> tuple[int | str, ...]:
    return tuple(int(part) if part.isdecimal() else part for part in dotted.split("."))


def _unknown(spelt: str, source: str, dotted: str, *, named_as_variables: bool) -> Problem:
    meant = suggestion(dotted, Settings)
    if meant is None:
        advice = "`fleet config` lists all names"
    else:
        advice = f"did you mean {variable(meant) if named_as_variables else meant}?"
    # The value is left out, since it may be that of a mistyped secret.
    return Problem(name=spelt, source=source, reason="no such setting", advice=advice)


def _read_text(path: Path) -> str:
    """The text of a file, with plain ends of lines and without the mark that editors on Windows put before it."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(_MOST_CHARS + 1)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "is not UTF-8 text"
        raise ConfigError([Problem(name=str(path), source="file", reason=f"can't be read: {reason}")]) from exc
    if len(text) > _MOST_CHARS:
        reason = f"has more than {_MOST_CHARS:,} characters, so it is no file of settings"
        raise ConfigError([Problem(name=str(path), source="file", reason=reason)])
    return text


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError as exc:
        problem = Problem(name=str(folder), source="folder", reason=f"can't be read: {exc.strerror}")
        raise ConfigError([problem]) from exc
