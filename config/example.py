"""Generates the example `fleet.toml` from the settings tree, so that it is never out of date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.settings import Settings
from config.sources import variable
from config.tree import is_list_alone, section_of, table_of

_HEAD = """\
# Settings of a farm. Copy this file to fleet.toml and remove the "# " before what you change.
# Each value is its default, or an example where there is none. The variable in brackets, in the
# environment or in .env, overrides this file. `fleet config` shows the settings in force and their sources.
"""


def example_toml() -> str:
    """Return the file: every value of the tree, commented out."""
    lines = [_HEAD]
    sections = []
    for name, field in Settings.model_fields.items():
        model = section_of(field) or table_of(field)
        if section_of(field) is None and not is_list_alone(field):
            lines += _entry(name, name, field)
        if model is not None:
            sections.append((name, field, model))
    for name, field, model in sections:
        lines += _section(name, field, model)
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(name: str, field: FieldInfo, model: type[BaseModel]) -> Iterator[str]:
    is_list = table_of(field) is not None
    if is_list and not is_list_alone(field):
        yield from _instead(name, field, model)
        return
    yield f"# {field.description}"
    # The table of a list stays commented out, since an empty one would be a miner without an id.
    yield f"# [[{name}]]" if is_list else f"[{name}]"
    for key, inner in model.model_fields.items():
        yield from _entry(key, None if is_list else f"{name}.{key}", inner)


def _instead(name: str, field: FieldInfo, model: type[BaseModel]) -> Iterator[str]:
    """The tables of a setting that is a plain value otherwise, commented out twice, since a file can't have both."""
    yield f"# In place of {name} = {_toml(_example(field))}, a table for each: remove both marks of what you use."
    yield f"# # [[{name}]]"
    for key, inner in model.model_fields.items():
        description, value, _ = _entry(key, None, inner)
        yield from (f"# {description}", f"# {value}")
    yield ""


def _entry(key: str, name: str | None, field: FieldInfo) -> Iterator[str]:
    yield f"# {field.description}" + ("" if name is None else f" [{variable(name)}]")
    yield f"# {key} = {_toml(_example(field))}"
    yield ""


def _example(field: FieldInfo) -> object:
    if field.examples:
        return field.examples[0]
    return field.get_default(call_default_factory=False)


def _toml(value: object) -> str:
    # JSON is valid TOML for strings, numbers, booleans and flat lists of them.
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
