"""Finds unknown names in settings, and suggests which name was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel

from config.tree import leaves, section_of, table_of

_CUTOFF = 0.6


def unknown_names(values: Mapping[str, object], model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every key of `values`, at any depth, that `model` has no field for.

    Tables of a list are numbered from 0: `miner.0.cpu_core`. A value in place of a section that is not a mapping is
    left for the model to refuse.
    """
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field is None:
            yield f"{prefix}{key}"
        elif (section := section_of(field)) is not None and isinstance(value, Mapping):
            yield from unknown_names(value, section, f"{prefix}{key}.")
        elif (table := table_of(field)) is not None and isinstance(value, Sequence):
            for index, item in enumerate(value):
                if isinstance(item, Mapping):
                    yield from unknown_names(item, table, f"{prefix}{key}.{index}.")


def suggestion(name: str, model: type[BaseModel]) -> str | None:
    """Return the dotted name in `model` that `name` probably stands for, or None where none is similar.

    A name with the same ending as a known one matches that one; otherwise the most similar spelling does. Dots and
    underscores count alike, so that `http_connections` finds `http.connections`. Only spelling counts: `cpu` and `gpu`
    are similar.
    """
    head, table, rest = _into_table(name, model)
    known = [leaf.name for leaf in leaves(table)]
    if not head:
        known += [key for key, field in table.model_fields.items() if section_of(field) is not None]
    found = _same_ending(rest, known) or _nearest(rest, known)
    return None if found is None else f"{head}{found}"


def _into_table(name: str, model: type[BaseModel]) -> tuple[str, type[BaseModel], str]:
    key, _, rest = name.partition(".")
    index, _, inner = rest.partition(".")
    field = model.model_fields.get(key)
    table = None if field is None else table_of(field)
    if table is None or not (index.isdigit() and inner):
        return "", model, name
    return f"{key}.{index}.", table, inner


def _same_ending(name: str, known: Iterable[str]) -> str | None:
    ending = name.rpartition(".")[2]
    same = [candidate for candidate in known if candidate.rpartition(".")[2] == ending]
    return same[0] if len(same) == 1 else None


def _nearest(name: str, known: Sequence[str]) -> str | None:
    flat = {_flat(candidate): candidate for candidate in known}
    close = get_close_matches(_flat(name), flat, n=1, cutoff=_CUTOFF)
    if close:
        return flat[close[0]]
    # `connect_timeout` has no section, so it is compared with the names within sections.
    endings = {candidate.rpartition(".")[2]: candidate for candidate in known}
    close = get_close_matches(name.rpartition(".")[2], endings, n=1, cutoff=_CUTOFF)
    return endings[close[0]] if close else None


def _flat(name: str) -> str:
    return name.lower().replace("__", "_").replace(".", "_")
