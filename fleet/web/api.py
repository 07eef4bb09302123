"""The HTTP API's answers to questions: the farm's figures as JSON, as `--json` prints them. They change nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from config.hiding import hidden
from fleet.errors import LedgerError
from fleet.exact_json import dump
from fleet.ledger.reports.latest import PaidJob
from fleet.money.scopes import stamp
from fleet.status.snapshot import FarmSnapshot
from fleet.status.stated import head_stated, miner_stated, work_stated
from fleet.web import lists, over_time
from fleet.web.kept_answers import KeptAnswers
from fleet.web.reading import LedgerThread
from fleet.web.sources import FarmSources
from fleet.web.spans import SPANS

#: jobs of a list, and longest name or id that is looked up
_JOBS, _MOST_TEXT = 25, 200
#: what can be asked for
_HAS = "controls, history, hosts, jobs, log, miners, status"
#: a span's name in an address
_SPANS = {span.name.replace(" ", ""): span for span in SPANS}


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiAnswer:
    """One JSON object, and the HTTP status that it is sent with."""

    status: int
    body: bytes


def api_answer(status: int, value: Mapping[str, Any]) -> ApiAnswer:
    """An answer without miners' ids."""
    return ApiAnswer(status=status, body=f"{hidden(dump(value))}\n".encode())


def api_error(status: int, text: str) -> ApiAnswer:
    """Why there is no other answer."""
    return api_answer(status, {"error": text})


def unknown(path: str) -> ApiAnswer:
    """There is nothing at this path, and what there is."""
    has = f"the API has no {path!r:.80}; it has" if path else "the API has"
    return api_error(404, f"{has}: {_HAS}, each below /api/v1/")


class Questions:
    """Answers questions, each at most once in two seconds. All methods run on one event loop."""

    def __init__(self, sources: FarmSources, thread: LedgerThread) -> None:
        self._sources, self._thread = sources, thread
        self._kept = KeptAnswers[ApiAnswer](sources.clock)
        self._of_all: Mapping[str, Callable[[Mapping[str, str]], Awaitable[ApiAnswer]]] = {
            "status": self._status,
            "miners": self._miners,
            "hosts": self._hosts,
            "jobs": self._jobs,
            "history": self._history,
        }
        self._of_one: Mapping[str, Callable[[str], Awaitable[ApiAnswer]]] = {
            "miners": self._miner,
            "hosts": self._host,
            "jobs": self._job,
        }

    async def answer(self, kind: str, name: str, query: Mapping[str, str]) -> ApiAnswer:
        """The answer to `kind`, or to `kind/name`."""
        of_all, of_one = self._of_all.get(kind), self._of_one.get(kind)
        if of_all is None or (name and of_one is None):
            return unknown(f"{kind}/{name}" if name else kind)
        if name and of_one is not None:
            found = await self._kept.answer((kind, name), lambda: _made(of_one(name[:_MOST_TEXT])))
        else:
            question = (kind, "", *sorted(query.items()))
            found = await self._kept.answer(question, lambda: _made(of_all(query)), common=not query)
        return found or api_error(503, "too many different questions at once: ask again in a second")

    # -- questions ---------------------------------------------------------------------------------------------------

    async def _status(self, _: Mapping[str, str]) -> ApiAnswer:
        farm = self._sources.latest()
        if farm is None:
            return _starting()
        return api_answer(200, {"coordinator": self._coordinator(farm), **head_stated(farm)})

    async def _miners(self, query: Mapping[str, str]) -> ApiAnswer:
        farm = self._sources.latest()
        if farm is None:
            return _starting()
        wish = lists.Wish.of(query.get("q", ""), query.get("sort", "miner"), query.get("page", "1"))
        found = lists.miner_list(farm.miners, wish)
        rows = [miner_stated(row) for row in found.rows]
        return api_answer(200, {"found": found.found, "page": found.page, "pages": found.pages, "miners": rows})

    async def _miner(self, name: str) -> ApiAnswer:
        farm = self._sources.latest()
        if farm is None:
            return _starting()
        row = next((one for one in farm.miners if one.name == name), None)
        if row is None:
            return api_error(404, f"this farm has no miner {name!r}")
        jobs = await self._thread.done(lambda: self._sources.ledger.jobs(_JOBS, name, None))
        return api_answer(200, {**miner_stated(row), "jobs": list(map(_paid, jobs))})

    async def _hosts(self, _: Mapping[str, str]) -> ApiAnswer:
        farm = self._sources.latest()
        return _starting() if farm is None else api_answer(200, {"hosts": head_stated(farm)["hosts"]})

    async def _host(self, name: str) -> ApiAnswer:
        farm = self._sources.latest()
        if farm is None:
            return _starting()
        row = next((one for one in farm.hosts if one.name == name), None)
        if row is None:
            return api_error(404, f"no host {name!r} has computed a job since the coordinator's start")
        jobs = await self._thread.done(lambda: self._sources.ledger.jobs(_JOBS, None, name))
        return api_answer(200, {**work_stated(row, farm.earnings.recent_s), "jobs": list(map(_paid, jobs))})

    async def _jobs(self, query: Mapping[str, str]) -> ApiAnswer:
        miner, host = query.get("miner") or None, query.get("host") or None
        jobs = await self._thread.done(lambda: self._sources.ledger.jobs(_JOBS, miner, host))
        return api_answer(200, {"jobs": list(map(_paid, jobs))})

    async def _job(self, wanted: str) -> ApiAnswer:
        lives, found = await self._thread.done(lambda: self._sources.ledger.job(wanted))
        if not lives and not found:
            return api_error(404, f"the ledger has no job {wanted!r}")
        return api_answer(
            200, {"jobs": [asdict(one) for one in lives], "begin_so": [] if lives else [asdict(one) for one in found]}
        )

    async def _history(self, query: Mapping[str, str]) -> ApiAnswer:
        name, miner = query.get("span", "24h"), query.get("miner") or None
        span = _SPANS.get(name)
        if span is None:
            return api_error(400, f"span {name!r:.80} is not known: name one of {', '.join(_SPANS)}")
        farm = self._sources.latest()
        if miner is not None and farm is not None and all(row.name != miner for row in farm.miners):
            return api_error(404, f"this farm has no miner {miner!r:.200}")
        server = query.get("server") or None
        accounts = {} if farm is None else {row.name: row.account for row in farm.servers}
        if server is not None and farm is not None and server not in accounts:
            return api_error(404, f"this farm has no server {server!r:.200}")
        now_ms, past = self._sources.now_ms(), self._sources.past
        account = None if server is None else accounts.get(server, server)
        chart = over_time.chart(span, past.of(span), now_ms, past.calendar, miner, account)
        steps = [{"from": stamp(step.at_ms), "nnet": step.nnet, "jobs": step.jobs} for step in chart.steps]
        head = {"span": name, "step_s": span.step_ms // 1000, "total_nnet": chart.total, "whole": chart.complete}
        return api_answer(200, head | {"steps": steps})

    # -- parts -------------------------------------------------------------------------------------------------------

    def _coordinator(self, farm: FarmSnapshot) -> dict[str, Any]:
        age_s = max(self._sources.now_ms() - farm.at_ms, 0) / 1000
        return {"state": farm.state, "last_sign_at": stamp(farm.at_ms), "age_s": round(age_s, 1)}


async def _made(making: Awaitable[ApiAnswer]) -> ApiAnswer:
    try:
        return await making
    except LedgerError as exc:
        return api_error(503, f"the ledger can't be read: {exc}")


def _starting() -> ApiAnswer:
    return api_error(503, "the coordinator is starting: there are no figures yet")


def _paid(job: PaidJob) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "job_type": job.job_type,
        "miner": job.miner,
        "host": job.host,
        "amount_nnet": job.amount,
        "confirmed": job.confirmed,
        "booked_at": stamp(job.booked_ms),
        "entry": job.entry,
    }
