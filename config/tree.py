"""The names in the settings tree, read from its models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """One value of the tree; a list of tables is one value."""

    #: dotted name, e.g. `http.connections`
    name: str
    field: FieldInfo

    @property
    def path(self) -> tuple[str, ...]:
        """The name, split at its dots."""
        return tuple(self.name.split("."))

    @property
    def secret(self) -> bool:
        """Whether the value must never be shown."""
        return _mentions(self.field.annotation, SecretStr)


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[Leaf]:
    """Yield the values of `model` in the order of their declaration, including those in sections."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is None:
            yield Leaf(name=f"{prefix}{name}", field=field)
        else:
            yield from leaves(section, f"{prefix}{name}.")


def secret_values(value: object) -> Iterator[str]:
    """All secrets in settings, in a section of them, or in a list of tables."""
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            for name in type(value).model_fields:
                yield from secret_values(getattr(value, name))
        case tuple():
            for item in value:
                yield from secret_values(item)


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a section, else None."""
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of one table of a field that is a list of tables, or that can be one, else None."""
    return _table_in(field.annotation)


def is_list_alone(field: FieldInfo) -> bool:
    """Whether a field is a list of tables and never a plain value."""
    return get_origin(field.annotation) is tuple and table_of(field) is not None


def _table_in(annotation: object) -> type[BaseModel] | None:
    parts = get_args(annotation)
    if get_origin(annotation) is not tuple:
        return next(filter(None, map(_table_in, parts)), None)
    item = parts[0]
    return item if isinstance(item, type) and issubclass(item, BaseModel) else None


def _mentions(annotation: object, wanted: type) -> bool:
    return annotation is wanted or any(_mentions(part, wanted) for part in get_args(annotation))
