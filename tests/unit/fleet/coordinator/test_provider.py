"""A server is told what the hosts have: as the workers state it, once, and only if the settings ask for it."""

from __future__ import annotations

import json
import random
from typing import Any
from unittest.mock import Mock

import pytest

from fleet.broker.presence import WorkerKinds
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.inbox import Inbox, ProviderAnswered
from fleet.coordinator.ledger_trouble import LedgerTrouble
from fleet.coordinator.observers import Observers
from fleet.coordinator.provider import Provider, in_words
from fleet.coordinator.server_loop import ServerLoop
from fleet.domain.answers import Registration, SessionStart
from fleet.domain.calls import Reply
from fleet.domain.effects import NoticeKind
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response
from tasks.broker.stated_host import StatedHost
from tests.support.at_once import AtOnce, Books
from tests.support.one_miner_farms import bans, farm

SHED = StatedHost(cores=4, memory_mb=8_000, gpus=(("RTX 4090", 24_576), ("GTX 1650", 4_096)))
ATTIC = StatedHost(cores=16, memory_mb=8_000)
#: two workers run in the shed
STATED = {"worker@shed": SHED, "second@shed": SHED, "worker@attic": ATTIC}
WALLET = "neo1" + "0123456789abcdef0123" * 2
#: registers more than any host has
BOAST = MinerSpec(miner_id="a", cpu_cores=128, gpu_memory_mb=99_999, gpu_model="B200")


def miner(spec: MinerSpec = BOAST, *, in_session: bool = True) -> Miner:
    made = Miner(spec, Policy(), SavedMiner(), random.Random(1), 0.0)
    return opened(made) if in_session else made


def opened(made: Miner) -> Miner:
    for answer in (Registration(new=True), SessionStart(session_id="s", adopted=False, initial_job=None)):
        begun = made.begin(0.0)
        assert begun is not None
        made.on(Reply(call=begun[0], outcome=answer, sent_at=0.0, answered_at=0.0), 0.0)
    assert made.in_session
    return made


def test_it_is_what_all_hosts_have_each_counted_once_whatever_the_settings_claim() -> None:
    described = Provider(wanted=True).description([miner()], STATED)
    assert described == MinerSpec(miner_id="a", cpu_cores=20, gpu_memory_mb=24_576, gpu_model="RTX 4090")
    assert in_words(described) == "20 cores and RTX 4090 with 24,576 MB"


def test_hosts_without_a_gpu_have_none() -> None:
    described = Provider(wanted=True).description([miner()], {"worker@attic": StatedHost(cores=1, memory_mb=0)})
    assert described == MinerSpec(miner_id="a", cpu_cores=1)
    assert in_words(described) == "1 core and no GPU"


def test_it_is_said_once_when_a_worker_has_stated_and_a_session_is_open() -> None:
    provider = Provider(wanted=True)
    assert provider.description([miner()], {}) is None
    assert provider.description([miner(in_session=False)], STATED) is None
    assert provider.description([miner()], STATED) is not None
    assert not provider.due
    assert provider.description([miner()], STATED) is None


class Part:
    """One server's part of the loop."""

    def __init__(self, *, describes_hosts: bool = True) -> None:
        self.farm, self.calls, self.watcher = farm("a"), Mock(), Mock()
        opened(self.farm.miners["a"])
        self.loop = ServerLoop(
            farm=self.farm,
            books=Books(),
            calls=self.calls,
            drain_s=1.0,
            network_every_s=1e9,
            describes_hosts=describes_hosts,
            clock=lambda: 0.0,
        )
        ignoring: Any = Mock()
        self.loop.join(ignoring, self.watcher, Observers(), LedgerTrouble(ignoring.ledger))
        self.farm.workers.hear(WorkerKinds({}, STATED))

    def described(self, now: float) -> int:
        """How often the server was told by the end of this turn."""
        self.loop.carry_out(now)
        return int(self.calls.register_provider.call_count)


def test_the_loop_tells_it_once_and_counts_the_request() -> None:
    part = Part()
    assert part.described(0.0) == 1
    sent = part.farm.governor.total
    assert [part.described(float(now)) for now in range(1, 600, 60)] == [1] * 10
    assert sent >= 1


def test_without_the_setting_it_is_never_told() -> None:
    part = Part(describes_hosts=False)
    assert [part.described(float(now)) for now in range(0, 600, 60)] == [0] * 10


def test_a_ban_and_a_drain_come_first() -> None:
    banned, draining = Part(), Part()
    bans(banned.farm, 0.0)
    assert banned.described(1.0) == 0
    draining.farm.drain(0.0)
    assert draining.described(1.0) == 0


@pytest.mark.parametrize("failed", [False, True])
def test_what_was_answered_is_said_in_one_line(failed: bool) -> None:
    part = Part()
    part.loop.on_stated(ProviderAnswered(miner_id="a", text="the server answered …", failed=failed), 1.0)
    (said,) = (call.args[0] for call in part.watcher.notice.call_args_list)
    assert said.kind is (NoticeKind.CALL_FAILED if failed else NoticeKind.REGISTERED)
    assert (said.miner_id, said.text) == ("a", "the server answered …")


class Web:
    """A server with one answer, and what reached it."""

    def __init__(self, status: int, body: bytes) -> None:
        self.requests: list[Request] = []
        self._response = Response(status=status, body=body)

    async def send(self, request: Request) -> Response:
        """Answer."""
        self.requests.append(request)
        return self._response


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b'{"success": true}', "the server answered {'success': True}"),
        (200, b'{"success": "\\u001b[31m"}', "the server answered {'success': '\\x1b[31m'}"),
        (200, b"<html><title>Hello</title></html>", "the server answered 200: "),
        (200, b'{"big": "' + b"x" * 10_000 + b'"}', "the server answered {'big': 'xxx"),
        (404, b'{"detail": "Not Found"}', "the server answered Not Found"),
        (422, b'{"detail": [{"msg": "field required"}]}', "the server answered 422: "),
        (500, b"Internal Server Error", "the server answered 500: "),
        (429, b'{"detail": "Too many"}', "the server answered 429: too many requests"),
    ],
)
def test_any_answer_is_taken_and_only_its_words_are_shown(status: int, body: bytes, words: str) -> None:
    web, inbox = Web(status, body), Inbox()
    ServerCalls(Client("http://server", web), AtOnce(), inbox).register_provider(MinerSpec(miner_id="a", cpu_cores=2))
    (answered,) = inbox.take(0.0)
    (request,) = web.requests
    assert request.url == "http://server/api/ai-miner/register-provider"
    assert json.loads(request.body or b"") == {
        "contributor_id": "a",
        "cpu_cores": 2,
        "gpu_memory_mb": 0,
        "gpu_model": "",
    }
    assert isinstance(answered, ProviderAnswered)
    assert answered.text.startswith("described the hosts to register-provider, 2 cores and no GPU: ")
    assert words in answered.text
    assert len(answered.text) < 300
    assert answered.failed == (not body.startswith(b'{"success') and not body.startswith(b'{"big'))


def test_an_id_in_the_answer_is_hidden_wherever_the_answer_is_cut() -> None:
    for length in range(60, 140):
        body = json.dumps({"x" * length: WALLET}).encode()
        inbox = Inbox()
        ServerCalls(Client("http://server", Web(200, body)), AtOnce(), inbox).register_provider(BOAST)
        (answered,) = inbox.take(0.0)
        assert isinstance(answered, ProviderAnswered)
        assert WALLET[:12] not in answered.text
