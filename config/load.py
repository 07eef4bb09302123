"""Reads and merges the settings from all their sources, checks them, and records the origin of each value.

One file: reading, checking and the origin of each value walk the same layers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from config.errors import ConfigError, Problem
from config.hiding import shortened_id, shortened_prefix, without_addresses
from config.pattern_words import in_words
from config.server_tables import FORMS
from config.service_links import without_service_links
from config.settings import CROSS_FIELD, ENV_PREFIX, Settings, default_state_dir
from config.sources import (
    Layer,
    from_env_file,
    from_overrides,
    from_secrets,
    from_toml,
    from_variables,
    holds_settings,
    is_file,
    is_folder,
    merged,
    unread,
)
from config.tree import Leaf, leaves, table_of

MASK = "********"
DEFAULT = "default"

_TOML = Path("fleet.toml")
_ENV_FILE = Path(".env")
#: default folder of secrets; other programs of this machine may use it, too
SECRETS = Path("/run/secrets")
#: the folder of the sources: the checkout, unless the package was installed elsewhere
_PROJECT = Path(__file__).resolve().parents[1]
_SHOWN_CHARS = 80
_USER_PART = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """One value of the tree, safe to show, and its source."""

    #: dotted name, e.g. `http.connections`
    name: str
    #: plain JSON value: None, a number, a string, a list; a secret that is set is `********`
    value: object
    #: `command line`, `environment`, the path of a file or folder, or `default`
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The settings that were read, and where they came from."""

    settings: Settings
    #: one for each value of the tree, in the order of the tree
    origins: tuple[Origin, ...]


def load(
    overrides: Mapping[str, object] | None = None,
    *,
    toml_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = None,
) -> Settings:
    """Read the settings; `read` describes the arguments and errors."""
    return read(overrides, toml_file=toml_file, environ=environ, env_file=env_file).settings


def read(
    overrides: Mapping[str, object] | None = None,
    *,
    toml_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = None,
) -> Reading:
    """Merge overrides > environment > `.env` > secrets > `fleet.toml` > defaults, and check the result.

    `overrides` has nested or dotted names; None means not given. A file named by argument, FLEET_CONFIG or
    FLEET_ENV_FILE must exist. Otherwise `.env` and `fleet.toml` are read from the working folder if they exist. Secrets
    are read from FLEET_SECRETS_DIR, else from /run/secrets if this user may read that. `environ` replaces the process's
    environment. Raises ConfigError, which lists all mistakes.
    """
    variables = os.environ if environ is None else environ
    layers = tuple(_layers(overrides or {}, variables, toml_file, env_file))
    problems = [problem for layer in layers for problem in layer.problems]
    if problems:
        raise ConfigError(problems)
    values: dict[str, object] = {"state_dir": default_state_dir(variables)}
    for layer in reversed(layers):
        values = merged(values, layer.values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as exc:
        raise ConfigError([problem for error in exc.errors() for problem in _problems(error, values, layers)]) from exc
    return Reading(settings=settings, origins=tuple(_origin(leaf, settings, layers) for leaf in leaves(Settings)))


def toml_file(environ: Mapping[str, str] | None = None) -> Path:
    """The `fleet.toml` that is read if it exists."""
    variables = os.environ if environ is None else environ
    return Path(variables.get(f"{ENV_PREFIX}CONFIG") or _TOML)


def without_secrets(environ: Mapping[str, str] | None = None) -> str | None:
    """Why the default folder of secrets is not read, or None if it can be read or does not exist."""
    variables = os.environ if environ is None else environ
    if variables.get(f"{ENV_PREFIX}SECRETS_DIR") or not is_folder(SECRETS):
        return None
    reason = unread(SECRETS)
    return None if reason is None else f"{SECRETS} can't be read: {reason}; its settings are ignored"


def unread_env_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """The checkout's `.env`, if it has settings and the working folder is another one without a `.env`."""
    variables = os.environ if environ is None else environ
    own = _PROJECT / _ENV_FILE
    if variables.get(f"{ENV_PREFIX}ENV_FILE") or is_file(_ENV_FILE) or not is_file(_PROJECT / "pyproject.toml"):
        return None
    return own if is_file(own) and holds_settings(own) else None


def _layers(
    overrides: Mapping[str, object], environ: Mapping[str, str], toml_file: Path | None, env_file: Path | None
) -> Iterator[Layer]:
    yield from_overrides(overrides)
    yield from_variables("environment", without_service_links(environ))
    chosen = env_file or environ.get(f"{ENV_PREFIX}ENV_FILE")
    if chosen or is_file(_ENV_FILE):
        yield from_env_file(Path(chosen or _ENV_FILE))
    secrets = environ.get(f"{ENV_PREFIX}SECRETS_DIR")
    if secrets:
        yield from_secrets(Path(secrets))
    elif is_folder(SECRETS) and unread(SECRETS) is None:
        yield from_secrets(SECRETS)
    named = toml_file or environ.get(f"{ENV_PREFIX}CONFIG")
    if named or is_file(_TOML):
        yield from_toml(Path(named or _TOML))


def _origin(leaf: Leaf, settings: Settings, layers: Sequence[Layer]) -> Origin:
    value: object = settings
    for part in leaf.path:
        value = getattr(value, part)
    layer = _writer(leaf.path, layers)
    return Origin(name=leaf.name, value=_plain(value), source=DEFAULT if layer is None else layer.source)


def _plain(value: object) -> object:
    match value:
        case SecretStr():
            return MASK
        case BaseModel():
            return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case tuple():
            return [_plain(item) for item in value]
        case Path():
            return str(value)
        case _:
            return value


def _problems(error: ErrorDetails, values: Mapping[str, object], layers: Sequence[Layer]) -> Iterator[Problem]:
    """Pydantic's errors, in the notation of the place where each value was written."""
    if error["type"] == CROSS_FIELD:
        for name, reason in error["ctx"]["problems"]:
            yield _problem(tuple(name.split(".")), reason, values, layers)
    else:
        if error["type"] == "missing":
            yield _unset(error["loc"], layers)
            return
        reason = error["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
        if error["type"] == "string_pattern_mismatch":
            reason = in_words(error["ctx"]["pattern"])
        # the two forms of a setting are no part of its name
        path = tuple(part for part in error["loc"] if part not in FORMS)
        leaf = _leaf(path)
        meaning = None if leaf is None else leaf.field.description
        yield _problem(path, reason, values, layers, advice=None if meaning is None else f"this setting is: {meaning}")


def _unset(loc: Sequence[int | str], layers: Sequence[Layer]) -> Problem:
    """A field that every table of its kind needs, and one of them lacks."""
    path = tuple(part for part in loc if part not in FORMS)
    layer, name = _writer(path[:-1], layers), ".".join(str(part) for part in path)
    leaf = _leaf(path[:1])
    table = None if leaf is None else table_of(leaf.field)
    field = None if table is None else table.model_fields.get(str(path[-1]))
    return Problem(
        name=name if layer is None else layer.spelling(name),
        source=DEFAULT if layer is None else layer.place(path),
        reason=f"is not set, and each [[{path[0]}]] table needs it",
        advice=None if field is None else f"this setting is: {field.description}",
    )


def _problem(
    path: Sequence[int | str],
    reason: str,
    values: Mapping[str, object],
    layers: Sequence[Layer],
    *,
    advice: str | None = None,
) -> Problem:
    name = ".".join(str(part) for part in path)
    layer = _writer(path, layers)
    return Problem(
        name=name if layer is None else layer.spelling(name),
        source=DEFAULT if layer is None else layer.place(path),
        reason=reason,
        value=None if _secret(path) else _shown(path, _at(path, values)),
        advice=advice,
    )


def _leaf(path: Sequence[int | str]) -> Leaf | None:
    return next((leaf for leaf in leaves(Settings) if leaf.path == tuple(path)), None)


def _secret(path: Sequence[int | str]) -> bool:
    """Whether the value at `path` must never be shown, in a table or outside."""
    leaf = _leaf(path[:1] if len(path) > 2 and isinstance(path[1], int) else path)
    table = None if leaf is None or leaf.path == tuple(path) else table_of(leaf.field)
    if table is None:
        return leaf is not None and leaf.secret
    return any(inner.secret for inner in leaves(table) if inner.name == path[-1])


def _writer(path: Sequence[int | str], layers: Sequence[Layer]) -> Layer | None:
    return next((layer for layer in layers if _at(path, layer.values) is not None), None)


def _at(path: Sequence[int | str], values: object) -> object:
    for part in path:
        if isinstance(values, Mapping):
            values = values.get(part)
        elif isinstance(values, list | tuple) and isinstance(part, int) and part < len(values):
            values = values[part]
        else:
            return None
    return values


def _shown(path: Sequence[int | str], value: object) -> str | None:
    if not isinstance(value, str | int | float | Path):
        return None
    text = _USER_PART.sub(f"//{MASK}@", _without_id(path, str(value)))
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…") if isinstance(value, str) else text


def _without_id(path: Sequence[int | str], text: str) -> str:
    """A value as text, without a miner's id, which may be misspelt, or given in place of a whole miner."""
    match path:
        case ("miner_prefix",):
            return shortened_prefix(text)
        case ("id",) | ("miner", *_, "id") | ("miner",) | ("miner", int()):
            return shortened_id(text)
        case _:
            return without_addresses(text)
