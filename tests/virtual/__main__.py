"""Runs seeds of virtual farms: `python -m tests.virtual --seeds 2000 --first-seed 1`, or `--seed N --trace` for one."""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.virtual.draw import draw_plan, draws_second
from tests.virtual.schedule import Outcome
from tests.virtual.seeds import Finding, outcome_of

_CHUNK = 20


def main(arguments: list[str] | None = None) -> int:
    """Run the requested seeds. Returns 1 if any law is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.virtual", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many schedules (default 200)")
    parser.add_argument("--first-seed", type=int, default=1, help="the first one's seed (default 1)")
    parser.add_argument("--seed", type=int, help="one schedule alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: say everything that happens")
    parser.add_argument("--two-servers", action="store_true", help="leave out schedules at a single server")
    parser.add_argument("--jobs", type=int, help="about how many jobs a schedule (default: 6 to 40, by seed)")
    parser.add_argument("--processes", type=int, default=1, help="processes that share the seeds (default 1)")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return _one(options.seed, options.jobs, trace=options.trace)
    chosen = (seed for seed in itertools.count(options.first_seed) if draws_second(seed) or not options.two_servers)
    return _many(list(itertools.islice(chosen, options.seeds)), options.jobs, options.processes)


def _one(seed: int, jobs: int | None, *, trace: bool) -> int:
    plan = draw_plan(seed, jobs=jobs)
    print(plan)
    outcome = outcome_of((seed, jobs), trace=trace)
    print(outcome)
    return int(isinstance(outcome, Finding))


def _many(seeds: list[int], jobs: int | None, processes: int) -> int:
    started = time.monotonic()
    totals: Counter[str] = Counter()
    findings: list[Finding] = []
    for done, outcome in enumerate(_outcomes([(seed, jobs) for seed in seeds], processes), 1):
        if isinstance(outcome, Finding):
            findings.append(outcome)
            print(f"seed {outcome.seed}: {outcome.text}", flush=True)
        else:
            _add(totals, outcome)
        if done % 100 == 0:
            pace = done / (time.monotonic() - started)
            print(f"{done} schedules, {pace:.1f}/s, {len(findings)} failed", flush=True)
    _table(totals, len(seeds), findings, time.monotonic() - started, f" --jobs {jobs}" if jobs else "")
    return int(bool(findings))


def _outcomes(seeds: list[tuple[int, int | None]], processes: int) -> Iterator[Outcome | Finding]:
    if processes == 1:
        yield from map(outcome_of, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(outcome_of, seeds, chunksize=_CHUNK)


def _add(totals: Counter[str], outcome: Outcome) -> None:
    totals.update(outcome.jobs)
    totals["coordinators killed"] += outcome.deaths
    totals["requests"] += outcome.requests
    totals["submissions sent again"] += outcome.resent
    totals["virtual hours"] += round(outcome.virtual_s)


def _table(totals: Counter[str], seeds: int, findings: list[Finding], seconds: float, more: str) -> None:
    totals["virtual hours"] //= 3600
    print(f"{'schedules':<24}{seeds:>12,}")
    for name, count in totals.items():
        print(f"{name:<24}{count:>12,}")
    print(f"{'failed':<24}{len(findings):>12,}")
    if not findings:
        print(f"no failure in {seeds} schedules: fewer than {300 / seeds:.3g} % fail (95 %)")
    print(f"{seconds:.1f} s, {seeds / seconds:.1f} schedules/s")
    for finding in findings:
        print(f"replay: python -m tests.virtual --seed {finding.seed}{more} --trace")


if __name__ == "__main__":
    sys.exit(main())
