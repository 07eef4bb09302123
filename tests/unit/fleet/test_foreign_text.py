"""Text of a server, whatever is in it, ends no coordinator, silences no report and moves no terminal's cursor."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pycurl
import pytest
from kombu.utils.json import dumps, loads

from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.domain.answers import Registration, SessionStart, SessionSummary
from fleet.domain.calls import CallKind, Reply
from fleet.domain.effects import JobMoved, JobOpened, Notice, NoticeKind, SessionClosed, TotalsSeen, Write
from fleet.domain.events import DrainBegun
from fleet.domain.jobs import JobOrigin, JobState, MinerSpec
from fleet.domain.submitted_work import SubmittedWork
from fleet.errors import Garbled, Refused, SessionLost, Unreachable
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.server import network_figures, protocol
from fleet.server.denials import error_of
from fleet.server.http.by_curl import CurlEngine
from fleet.server.http.interface import Options, Request
from fleet.server.http.transport import Transport
from tasks.compact_json import compact_sorted
from tasks.messages import JobMessage

#: a lone surrogate, a cleared screen, a C string's end, a turned reading direction, another line, a window's title
FOREIGN = ["\ud800", "\x1b[2J", "\x00", "\u202e", "\n", "\x9d0;title\x9c"]
TASK = {"task_id": "j1", "task_type": "inference", "data": {}, "reward": 0.5, "timeout_seconds": 60}
SPEC = MinerSpec(miner_id="rig-1")


def detail(text: str, status: int = 404) -> str:
    return str(error_of(status, json.dumps({"detail": text}).encode(), None))


ENTRANCES: dict[str, Callable[[str], str]] = {
    "task_type": lambda text: protocol.parse_job(TASK | {"task_type": text}, JobOrigin.FETCHED).job_type,
    "task_type's problem": lambda text: protocol.parse_job(TASK | {"task_type": text}, JobOrigin.FETCHED).problem,
    "error": lambda text: protocol.parse_receipt({"success": False, "error": text}).error,
    "detail": detail,
    "detail of a session": lambda text: detail(f"Session not found {text}", 400),
    "detail of a fault": lambda text: detail(text, 503),
    "detail of a refusal": lambda text: detail(text, 403),
    "list of details": lambda text: str(error_of(422, json.dumps({"detail": [text]}).encode(), None)),
    "a proxy's words": lambda text: str(error_of(502, text.encode(errors="surrogatepass"), None)),
    "fee_model": lambda text: network_figures.parse_gas({"fee_model": text}).fee_model,
    "congestion_level": lambda text: network_figures.parse_gas({"congestion_level": text}).congestion_level,
    "phase": lambda text: network_figures.parse_network({"phase": text}).phase,
}


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_text_is_plain_once_it_is_in(entrance: str, text: str) -> None:
    read = ENTRANCES[entrance](f"a{text}z")
    assert read.isprintable()
    assert "a" in read
    assert "z" in read


def test_plain_text_stays_as_it_is() -> None:
    words = "Überlastet: 30 µs – später 再試行"
    assert protocol.parse_receipt({"success": False, "error": words}).error == words
    assert str(error_of(403, json.dumps({"detail": words}).encode(), None)) == f"403: {words}"


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
def test_an_id_goes_back_as_it_came_or_is_garbled(text: str) -> None:
    with pytest.raises(Garbled, match="task_id"):
        protocol.parse_job(TASK | {"task_id": f"j1{text}"}, JobOrigin.FETCHED)
    with pytest.raises(Garbled, match="names no session"):
        protocol.parse_session_start({"success": True, "session_id": f"s1{text}"})


class Life:
    """A miner whose rows go into a ledger, as the coordinator's turn writes them."""

    def __init__(self, ledger: Ledger) -> None:
        self.notices: list[Notice] = []
        self._ledger = ledger
        self.miner = Miner(SPEC, Policy(), ledger.saved_miner("rig-1"), random.Random(1), 0.0)

    def mining(self) -> Life:
        self.answered(CallKind.REGISTER, Registration(new=True), 0.0)
        self.answered(CallKind.START_SESSION, SessionStart(session_id="s1", adopted=False, initial_job=None), 0.0)
        return self

    def answered(self, kind: CallKind, outcome: Any, now: float) -> list[Write]:
        begun = self.miner.begin(now)
        assert begun is not None
        call, before = begun
        assert call.kind is kind
        reply = Reply(call=call, outcome=outcome, sent_at=now, answered_at=now)
        effects = [*before, *self.miner.on(reply, now, self._ledger.find)]
        writes = [effect for effect in effects if isinstance(effect, Write)]
        self.notices += [effect for effect in effects if isinstance(effect, Notice)]
        self._ledger.commit(writes)
        return writes


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
def test_whatever_a_server_says_the_ledger_can_write_down(text: str) -> None:
    """What can't be bound to a statement would end the coordinator, and again at every start."""
    with Ledger(open_engine("sqlite://"), "here") as ledger:
        life = Life(ledger).mining()
        job = protocol.parse_job(TASK | {"task_type": text}, JobOrigin.FETCHED)
        opened = life.answered(CallKind.FETCH, job, 0.0)
        refusal = error_of(403, json.dumps({"detail": text}).encode(), None)
        ended = life.answered(CallKind.SUBMIT, refusal, 0.0)
        lost = error_of(400, json.dumps({"detail": f"Session not found{text}"}).encode(), None)
        (closed,) = life.answered(CallKind.FETCH, lost, 0.0)
        assert isinstance(refusal, Refused)
        assert isinstance(lost, SessionLost)
        assert [type(write) for write in (*opened, *ended)] == [JobOpened, JobMoved, JobMoved, JobMoved]
        assert isinstance(closed, SessionClosed)
        found = ledger.find("j1")
        assert found is not None
        assert found.state is JobState.REJECTED


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
def test_the_ledger_can_write_down_why_a_total_is_not_told(text: str) -> None:
    with Ledger(open_engine("sqlite://"), "here") as ledger:
        life = Life(ledger).mining()
        life.miner.on(DrainBegun(), 0.0)
        life.answered(CallKind.STOP_SESSION, SessionSummary(tasks_completed=0, rewards_earned=None), 0.0)
        fault = error_of(500, json.dumps({"detail": text}).encode(), None)
        assert not life.answered(CallKind.TOTALS, fault, 0.0), "it is asked for once more"
        (seen,) = life.answered(CallKind.TOTALS, fault, 60.0)
        assert isinstance(seen, TotalsSeen)
        assert seen.verdict.isprintable()


def test_data_with_a_lone_surrogate_crosses_ledger_and_broker_unchanged() -> None:
    data = {"model_id": "\ud800", "\udfff": [{"\x00": "\x1b"}]}
    job = protocol.parse_fetched(json.dumps(TASK | {"data": data}).encode(), "rig-1")
    assert (job.data, job.problem) == (data, "")
    work = SubmittedWork(job_id="j1", job_type=job.job_type, data_json=compact_sorted(job.data), result_json="{}")
    assert (len(work.input_digest), work.data) == (32, data)
    message = JobMessage(job_id="j1", attempt=1, miner_id="rig-1", job_type=job.job_type, data=job.data)
    sent = dumps([message.encode()]).encode()  # type: ignore[no-untyped-call]
    assert JobMessage.decode(loads(sent)[0]) == message  # type: ignore[no-untyped-call]
    with Ledger(open_engine("sqlite://"), "here") as ledger:
        opened = JobOpened(job=job, miner_id="rig-1", session_id="s1", state=JobState.ASSIGNED, attempt=1)
        ledger.commit([opened])
        (kept,) = ledger.saved_miner("rig-1").open_jobs
    assert kept.job == job


def report(out: io.TextIOBase) -> RunOutput:
    return RunOutput(Lines(out), job_lines_per_s=9, status_every_s=60.0, total=Decimal(0))  # type: ignore[arg-type]


def warn(watcher: RunOutput, text: str) -> None:
    watcher.notice(Notice(kind=NoticeKind.ANOMALY, miner_id="rig-1", text=text))


@pytest.mark.parametrize(("encoding", "text"), [("utf-8", "\ud800"), ("ascii", "µ"), ("latin-1", "→")])
def test_a_line_that_a_terminal_can_not_show_silences_no_other(encoding: str, text: str) -> None:
    raw = io.BytesIO()
    watcher = report(io.TextIOWrapper(raw, encoding=encoding))
    warn(watcher, f"one {text} of these")
    warn(watcher, "the next")
    lines = raw.getvalue().decode(encoding).splitlines()
    assert lines == ["[WARN]   one ? of these  [rig-1]", "[WARN]   the next  [rig-1]"]


def test_a_report_that_nobody_reads_any_more_falls_silent_and_mining_goes_on() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    watcher = report(out)
    out.close()
    warn(watcher, "one")
    warn(watcher, "two")


def test_the_words_of_a_failed_connection_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them quote what the other side sent, such as the name in its certificate."""

    class Broken:
        async def perform(self, _handle: object) -> None:
            raise pycurl.error(pycurl.E_SSL_CACERT, "subject name '\x1b[2J' does not match")

    curl = CurlEngine(Options())
    with Transport(curl) as transport:
        monkeypatch.setattr(curl, "_multi", Broken())
        with pytest.raises(Unreachable, match=r"^subject name '\?\[2J' does not match$"):
            transport.send(Request(url="http://127.0.0.1:1")).send(None)
        monkeypatch.undo()
