"""The form in which a ledger keeps submitted work: the jobs of one commit, compressed together. Pure.

A block is one byte for the form, then a zlib stream of JSON. The dictionary is a part of the form: a changed one needs
another number.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.domain.submitted_work import SubmittedWork
from fleet.errors import LedgerError
from tasks.compact_json import compact, compact_sorted

#: the form that is written
_FORM = b"\x01"
#: most characters of JSON in one block: a reader unpacks a whole block
_MOST_CHARACTERS = 1 << 20
#: most bytes that a block is unpacked to; one job's data and result are far smaller
_MOST_UNPACKED = 16 << 20
#: lower levels take as long, since the rest of the work is the same
_LEVEL, _WINDOW_BITS, _MEMORY = 6, 13, 6
#: what most blocks repeat, the most frequent last
_DICTIONARY = (
    b'{"server":"","kinds":[["aarch64","2.4.6","openblas 0.3.31","NEOVERSEN1","3"],'
    b'["x86_64","2.4.6","openblas 0.3.31","SkylakeX","3"],["x86_64","2.4.6","openblas 0.3.31","Haswell","3"]],'
    b'"jobs":[["federated_learning",{"global_weights":null,"local_data_size":1736},{"weights_hash":"",'
    b'"initial_loss":33.3,"final_loss":0.0041,"update_norm":14.2,"shape":[32,10],"samples":1736,"loss":'
    b'"model_training",{"layer_size":128,"batch_size":32,"epochs":10},{"weights_hash":"","initial_loss":16.7,'
    b'"final_loss":3.8,"epochs_completed":7,"steps_kept":7,"parameters":8192,'
    b'"matrix_ops",{"matrix_size":256,"operations":5},{"result_hash":"","exponent":0,"trace":-8.4,"operations":5,'
    b'"shape":[256,256],"gradient_compute",{"layer_dims":[128,64,32]},{"gradient_hash":"","loss":8.65,'
    b'"gradient_norm":5.32,"parameters":10240,"layer_dims":[128,64,32],"batch_size":32,'
    b'"network_protection",{"blocks":[{"height":0,"hash":""},{"height":1,"hash":""}]},{"blocks_validated":11,'
    b'"blocks_checked":11,"invalid":[],"invalid_count":0,"chain_hash":"","synthetic":false,'
    b'"inference",{"model_id":"fraud_detector_v1","input_size":64,"batch_size":16},{"output_hash":"","model_hash":"",'
    b'"output_shape":[28,16],"output_mean":0.0007,"output_std":"data_validation",{"records":250},'
    b'{"integrity_score":0.99,"records_checked":114,"records_failed":1,"failed_by":{"altered":0,"amount_not_finite":0,'
    b'"amount_negative":1,"sequence_repeated":0,"time_backwards":0},"records_hash":"",'
    b'"fraud_detection",{"transactions":[{"amount":1234.5,"from":"addr_0","to":"addr_1"},{"amount":1234.5,'
    b'"from":"addr_1","to":"addr_2"}]},{"results_hash":"","analyzed":14,"fraud_count":0,"flagged":[],'
    b'"score_mean":0.03,"score_max":0.15,"synthetic":false,"synthetic":true,"compute_time_ms":0.123},"3",0,0],["'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Work that was submitted for jobs of one server."""

    #: the server's name in the ids that workers saw; empty for the only one
    server: str
    works: tuple[SubmittedWork, ...]


def packed(server: str, works: Sequence[SubmittedWork]) -> Iterator[tuple[bytes, int]]:
    """Blocks that hold this work, each with its number of jobs."""
    kinds: dict[tuple[str, ...], int] = {}
    rows: list[str] = []
    size = 0
    for work in works:
        kind = kinds.setdefault(work.kind, len(kinds))
        names, rest = compact([work.job_id, work.job_type]), compact([work.kernel_version, kind, int(work.mended)])
        row = f"{names[:-1]},{work.data_json},{work.result_json},{rest[1:]}"
        if rows and size + len(row) > _MOST_CHARACTERS:
            yield _compressed(server, kinds, rows), len(rows)
            rows, size = [], 0
        rows.append(row)
        size += len(row)
    if rows:
        yield _compressed(server, kinds, rows), len(rows)


def unpacked(content: bytes) -> Block:
    """The work in a block. Raises LedgerError when it is damaged, or of a form that this release does not know."""
    if content[:1] != _FORM:
        raise LedgerError(f"kept work has the unknown form {content[:1].hex() or 'of no byte'}")
    try:
        expander = zlib.decompressobj(_WINDOW_BITS, zdict=_DICTIONARY)
        text = expander.decompress(content[1:], _MOST_UNPACKED)
        if not expander.eof:
            raise ValueError("it is cut off, or too large")
        found = json.loads(text)
        kinds = [tuple(map(str, kind)) for kind in found["kinds"]]
        return Block(server=str(found["server"]), works=tuple(_work(row, kinds) for row in found["jobs"]))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError, zlib.error) as exc:
        raise LedgerError(f"kept work is damaged: {exc!r:.200}") from exc


def _compressed(server: str, kinds: dict[tuple[str, ...], int], rows: Sequence[str]) -> bytes:
    head = compact({"server": server, "kinds": list(kinds)})
    text = f'{head[:-1]},"jobs":[{",".join(rows)}]}}'
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, zdict=_DICTIONARY)
    return _FORM + compressor.compress(text.encode()) + compressor.flush()


def _work(row: Sequence[Any], kinds: Sequence[tuple[str, ...]]) -> SubmittedWork:
    job_id, job_type, data, result, kernel_version, kind, mended = row
    if not (isinstance(data, dict) and isinstance(result, dict)):
        raise TypeError("data and result are objects")
    return SubmittedWork(
        job_id=str(job_id),
        job_type=str(job_type),
        data_json=compact_sorted(data),
        result_json=compact_sorted(result),
        kernel_version=str(kernel_version),
        kind=kinds[kind],
        mended=bool(mended),
    )
