"""The pages of a farm: overview, miners, hosts and jobs, each made at most once in two seconds whoever asks.

One file: all pages are made of the same sources, and kept in the same place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fleet.control.control import STEERED, TargetKind
from fleet.control.stated import entry_stated, subject_of
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.errors import LedgerError
from fleet.status.snapshot import FarmSnapshot
from fleet.status.stated import head_stated
from fleet.web import charts, lists, over_time, views
from fleet.web.kept_answers import KeptAnswers
from fleet.web.reading import LedgerThread
from fleet.web.rendering import Renderer
from fleet.web.sources import FarmSources
from fleet.web.spans import SPANS, PaidStep, Span, span_named
from fleet.web.why import why_host, why_miner

#: rows of the overview's tables, jobs of a list, and changes of what is paused
_FIRST_MINERS, _FIRST_HOSTS, _JOBS, _CHANGES = 12, 12, 25, 20
#: longest text that is looked up
_MOST_TEXT = 200
_SPAN_NAMES = frozenset(span.name for span in SPANS)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageAnswer:
    """A page, or why there is none."""

    status: int
    body: bytes


class Pages:
    """Makes pages. All methods run on one event loop; the ledger is read on a thread beside it."""

    def __init__(self, sources: FarmSources, thread: LedgerThread) -> None:
        self._sources, self._thread = sources, thread
        self._renderer = Renderer()
        self.files = self._renderer.files
        thread.begin(self._renderer.compile)
        self._kept = KeptAnswers[PageAnswer](sources.clock)
        self._makers: Mapping[str, Callable[[Mapping[str, str]], Awaitable[PageAnswer]]] = {
            "/": self._overview,
            "/miners": self._miners,
            "/miner": self._miner,
            "/hosts": self._hosts,
            "/host": self._host,
            "/jobs": self._jobs,
            "/job": self._job,
            "/steer": self._steer,
        }
        self._seen: tuple[FarmSnapshot | None, float] = (None, sources.clock())

    async def answer(self, path: str, query: Mapping[str, str]) -> PageAnswer:
        """The page at `path`, at most two seconds old."""
        maker = self._makers.get(path)
        if maker is None:
            return self._message(404, "Not found", "This farm has no such page.")
        common = query.keys() <= {"span"} and query.get("span", SPANS[0].name) in _SPAN_NAMES
        found = await self._kept.answer((path, *sorted(query.items())), lambda: self._made(maker, query), common=common)
        return found or PageAnswer(status=503, body=b"too many different pages at once: ask again in a second\n")

    async def _made(
        self, maker: Callable[[Mapping[str, str]], Awaitable[PageAnswer]], query: Mapping[str, str]
    ) -> PageAnswer:
        try:
            return await maker(query)
        except LedgerError as exc:
            return self._message(503, "The ledger can't be read", str(exc))

    # -- pages -------------------------------------------------------------------------------------------------------

    async def _overview(self, query: Mapping[str, str]) -> PageAnswer:
        farm = self._sources.latest()
        if farm is None:
            return self._page("overview.html", "/")
        losses = farm.losses or ()
        lost = sum((row.amount for row in losses), ZERO)
        offered = lost + max(farm.earnings.ledger, ZERO)
        hosts = views.hosts(farm)
        return self._page(
            "overview.html",
            "/",
            view=over_time.chart(*self._past(query)),
            servers=over_time.server_charts(*self._past(query), farm.servers),
            problem=self._sources.past.problem,
            pauses=views.pauses(farm),
            hosts=hosts[:_FIRST_HOSTS],
            all_hosts=len(hosts),
            miners=lists.first_miners(farm.miners, _FIRST_MINERS),
            types=views.job_types(farm, self._sources.ended()),
            losses=charts.waterfall(losses),
            lost=lost,
            lost_share=float(lost) / float(offered) * 100 if offered else 0.0,
            advice=views.advice(farm),
        )

    async def _miners(self, query: Mapping[str, str]) -> PageAnswer:
        farm = self._sources.latest()
        if farm is None:
            return self._starting()
        wish = lists.Wish.of(query.get("q", ""), query.get("sort", "state"), query.get("page", "1"))
        return self._page("miners.html", "/miners", list=lists.miner_list(farm.miners, wish))

    async def _miner(self, query: Mapping[str, str]) -> PageAnswer:
        farm, name = self._sources.latest(), query.get("name", "")
        if farm is None:
            return self._starting()
        row = next((one for one in farm.miners if one.name == name), None)
        if row is None:
            return self._message(404, "No such miner", f"This farm has no miner {name[:_MOST_TEXT]!r}.")
        ledger = self._sources.ledger
        jobs, lost = await self._thread.done(lambda: (ledger.jobs(_JOBS, name, None), ledger.lost()))
        view, problem = over_time.chart(*self._past(query), miner=name), self._sources.past.problem
        why = why_miner(farm, row, lost)
        return self._page("miner.html", "/miners", row=row, view=view, problem=problem, jobs=jobs, why=why)

    async def _hosts(self, _: Mapping[str, str]) -> PageAnswer:
        farm = self._sources.latest()
        return self._starting() if farm is None else self._page("hosts.html", "/hosts", hosts=views.hosts(farm))

    async def _host(self, query: Mapping[str, str]) -> PageAnswer:
        farm, name = self._sources.latest(), query.get("name", "")
        if farm is None:
            return self._starting()
        one = next((host for host in views.hosts(farm) if host.row.name == name), None)
        if one is None:
            text = f"No host {name[:_MOST_TEXT]!r} has computed a job since the coordinator's start."
            return self._message(404, "No such host", text)
        jobs = await self._thread.done(lambda: self._sources.ledger.jobs(_JOBS, None, name))
        return self._page("host.html", "/hosts", one=one, jobs=jobs, why=why_host(farm, name))

    async def _jobs(self, _: Mapping[str, str]) -> PageAnswer:
        jobs = await self._thread.done(lambda: self._sources.ledger.jobs(_JOBS, None, None))
        return self._page("jobs.html", "/jobs", jobs=jobs, now_ms=self._sources.now_ms())

    async def _job(self, query: Mapping[str, str]) -> PageAnswer:
        wanted = query.get("id", "").strip()[:_MOST_TEXT]
        if not wanted:
            return self._message(404, "No job named", "Name a job, or the beginning of its id.")
        lives, found = await self._thread.done(lambda: self._sources.ledger.job(wanted))
        return self._page(
            "job.html", "/jobs", status=200 if lives or found else 404, wanted=wanted, lives=lives, found=found
        )

    async def _steer(self, query: Mapping[str, str]) -> PageAnswer:
        farm = self._sources.latest()
        if farm is None:
            return self._starting()
        changes = await self._thread.done(lambda: self._sources.ledger.changes(_CHANGES))
        return self._page(
            "steer.html",
            "/steer",
            controls=head_stated(farm)["controls"],
            entries=[entry_stated(one) | {"subject": subject_of(one.target)} for one in reversed(changes)],
            kinds=[kind.value for kind in STEERED],
            chosen_kind=query.get("kind", TargetKind.MINER.value),
            chosen_name=query.get("name", "")[:_MOST_TEXT],
        )

    # -- parts -------------------------------------------------------------------------------------------------------

    def _past(self, query: Mapping[str, str]) -> tuple[Span, list[PaidStep | None], int, Calendar]:
        """What a chart shows: the span that was asked for, its steps, the present moment, and the days' calendar."""
        span, past = span_named(query.get("span")), self._sources.past
        return span, past.of(span), self._sources.now_ms(), past.calendar

    def _starting(self) -> PageAnswer:
        return self._message(503, "Starting", "The coordinator is starting: there are no figures yet.")

    def _message(self, status: int, title: str, text: str) -> PageAnswer:
        return self._page("message.html", "", status=status, title=title, text=text)

    def _page(self, template: str, here: str, *, status: int = 200, **values: object) -> PageAnswer:
        farm, sources = self._sources.latest(), self._sources
        if farm is not self._seen[0]:
            self._seen = (farm, sources.clock())
        # by both clocks: one may have been set, and nobody may have looked for a while
        seen_s = sources.clock() - self._seen[1]
        age_s = seen_s if farm is None else max(seen_s, (sources.now_ms() - farm.at_ms) / 1000)
        body = self._renderer.page(
            template,
            here=here,
            farm=farm,
            standing=None if farm is None else views.standing(farm, age_s),
            calendar=sources.past.calendar,
            server=sources.server,
            simulated=sources.simulated,
            **values,
        )
        return PageAnswer(status=status, body=body)
