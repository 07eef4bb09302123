"""`fleet ledger`: checks the ledger's chain, and exports its entries for bookkeeping."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click

from config.load import load
from fleet.commands.exits import EX_CANTCREAT, EX_DATAERR, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import counted, progress
from fleet.commands.printing.sheets import piped, write_csv, write_json, write_parquet
from fleet.commands.printing.tables import console, line
from fleet.domain.miner_names import IdHider
from fleet.exact_json import dump
from fleet.ledger.miner_names import stored_names
from fleet.ledger.proof.heads import kept_heads
from fleet.ledger.reports.export import columns, count, entries
from fleet.ledger.reports.verify import ServerVerdict
from fleet.ledger.reports.verify import verify as verify_ledger
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import heads_file, ledger_to_read


@click.group("ledger")
def ledger() -> None:
    """Check the ledger's chain, or export its entries.

    \b
    Examples:
      fleet ledger verify
      fleet ledger export --csv entries.csv
    """


@ledger.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--head", metavar="HASH", help="A head that you kept; it must be in the chain.")
@click.pass_context
def verify(ctx: click.Context, *, as_json: bool, head: str | None) -> None:
    """Check that no entry was changed or removed, and that all tables agree with the entries.

    Recomputes the hash chain of each server and names the first entry that differs. Works offline, and while the farm
    runs. Exits with 65 when something was changed.

    A head is the hash of the last entry. The farm keeps heads in ledger.heads and prints them at the end of a run. Keep
    one somewhere else, too: whoever can write to this machine could compute all hashes again, but not to match a head
    that you kept.
    """
    with settings_or_exit():
        settings = load()
    place = ledger_to_read(settings)
    with farm_errors():
        heads = kept_heads(heads_file(settings, place))
        engine = open_engine(place.url, read_only=True)
        with progress("verifying", count(engine), quiet=as_json) as advance:
            verdicts = verify_ledger(engine, head, heads, lambda rows: counted(rows, advance))
        hide = IdHider(stored_names(engine))
    kept = head is None or any(verdict.has_head for verdict in verdicts)
    right = kept and all(verdict.right for verdict in verdicts)
    if as_json:
        click.echo(
            dump({"right": right, "head_found": kept, "servers": [_stated(verdict, hide) for verdict in verdicts]})
        )
    else:
        for verdict in verdicts:
            _print(verdict, hide)
        if not kept:
            line(console(), f"the head {head} is in no chain of this ledger", style="red")
    ctx.exit(0 if right else EX_DATAERR)


@ledger.command("export")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated, safe to open in a spreadsheet.")
@click.option("--json", "form", flag_value="json", help="One array of objects.")
@click.option("--parquet", "form", flag_value="parquet", help="Parquet; needs pip install 'neonet-fleet[parquet]'.")
@click.option("--ids", is_flag=True, help="Add the miners' ids: whoever reads one can spend its money.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def export(*, form: str | None, ids: bool, file: Path) -> None:
    """Write every entry to FILE (- for stdout), in UTC and with exact amounts as text.

    \b
    Examples:
      fleet ledger export --csv entries.csv
      fleet ledger export --json - | jq '.[].amount_nnet'
    """
    if form is None:
        raise click.UsageError("name a form: --csv, --json or --parquet")
    if form == "parquet" and str(file) == "-":
        raise click.UsageError("Parquet goes to a file, not to stdout")
    with settings_or_exit():
        settings = load()
    with farm_errors():
        engine, header = open_engine(ledger_to_read(settings).url, read_only=True), columns(ids=ids)
        with ExitStack() as stack:
            # on a terminal, a bar would stand between the entries
            quiet = str(file) == "-" and sys.stdout.isatty()
            advance = stack.enter_context(progress("exporting", count(engine), quiet=quiet))
            written = _write(form, file, header, counted(entries(engine, ids=ids), advance))
    click.echo(f"{written} entries written to {file}", err=True)


def _write(form: str, file: Path, header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> int:
    """Write the rows in a form. Returns their number, and raises a Failure when the file can't be written."""
    try:
        if form == "parquet":
            return write_parquet(file, header, rows)
        with ExitStack() as stack:
            return (write_csv if form == "csv" else write_json)(_opened(file, stack), header, rows)
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise Failure(f"{file}: {exc.strerror}", EX_CANTCREAT) from exc


def _opened(file: Path, stack: ExitStack) -> TextIO:
    if str(file) == "-":
        return piped()
    return stack.enter_context(file.open("w", encoding="utf-8", newline=""))


def _stated(verdict: ServerVerdict, hide: Callable[[str], str]) -> dict[str, object]:
    flaw = verdict.verdict.flaw
    return {
        "server": verdict.server,
        "right": verdict.right,
        "entries": verdict.verdict.entries,
        "booked_nnet": verdict.booked,
        "head": verdict.verdict.head,
        "first_wrong_entry": None if flaw is None else {"entry": flaw.seq, "problem": hide(flaw.problem)},
        "problems": [hide(problem) for problem in verdict.problems],
    }


def _print(verdict: ServerVerdict, hide: Callable[[str], str]) -> None:
    screen, flaw = console(), verdict.verdict.flaw
    state = f"chain intact: {verdict.verdict.entries} entries"
    if flaw is not None:
        state = f"chain broken after {verdict.verdict.entries} entries"
    line(screen, f"{verdict.server}: {state}, {verdict.booked} NNET")
    line(screen, f"  head {verdict.verdict.head}")
    if flaw is not None:
        line(screen, f"  entry {flaw.seq}: {hide(flaw.problem)}", style="red")
    for problem in verdict.problems:
        line(screen, f"  {hide(problem)}", style="red")
