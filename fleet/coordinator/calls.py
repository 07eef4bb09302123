"""Calls to the server, made beside the loop: their outcomes come back to it as events."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from config.hiding import hidden
from fleet.coordinator.ban_gate import BanGate
from fleet.coordinator.inbox import Inbox, Network, ProviderAnswered, TermsStated
from fleet.coordinator.provider import in_words
from fleet.domain.answers import SessionStart
from fleet.domain.calls import Call, Reply
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import MinerSpec
from fleet.domain.proof import Exchange
from fleet.domain.saved_state import AbandonedSession
from fleet.errors import Banned, CallError, NoAnswer, NoSuchCall, RateLimited, Unreachable
from fleet.server.client import Client
from fleet.server.http.interface import AsyncFunction
from tasks.text import sanitized

_Outcome = TypeVar("_Outcome")
#: characters of an unknown answer that are shown
_SHOWN = 160
#: requests for the network's figures: fees and phase
NETWORK_REQUESTS = 2


class Executor(Protocol):
    """Runs functions beside the loop."""

    def submit(self, function: AsyncFunction, *args: Any) -> None:
        """Run a function soon that may call the server."""


class ServerCalls:
    """Starts calls by `executor`, and puts their outcomes into `inbox`, with the name of the `server`."""

    def __init__(
        self,
        client: Client,
        executor: Executor,
        inbox: Inbox,
        clock: Callable[[], float] = time.monotonic,
        *,
        server: str = "",
    ) -> None:
        self._server = server
        self._client = client
        self._executor = executor
        self._inbox = inbox
        self._clock = clock
        self._gate = BanGate()

    def start(self, call: Call) -> None:
        """Make a miner's call; its outcome is a Reply."""
        self._executor.submit(self._perform, call)

    def ask_network(self) -> None:
        """Ask for the network's figures; the outcome is a Network."""
        self._executor.submit(self._ask_network)

    def ask_terms(self) -> None:
        """Ask for the reward rule; the outcome is a TermsStated."""
        self._executor.submit(self._ask_terms)

    def register_provider(self, spec: MinerSpec) -> None:
        """Describe the hosts' hardware; the outcome is a ProviderAnswered."""
        self._executor.submit(self._register_provider, spec)

    def stop_sessions(self, abandoned: Sequence[AbandonedSession]) -> None:
        """Stop abandoned sessions one by one until the server does not answer; each outcome is an event."""
        self._executor.submit(self._stop_sessions, abandoned)

    async def _perform(self, call: Call) -> None:
        outcome, exchange, sent_at = await self._sent(partial(self._client.perform, call))
        reply = Reply(call=call, outcome=outcome, sent_at=sent_at, answered_at=self._clock(), exchange=exchange)
        self._inbox.put(reply)

    async def _sent(
        self, send: Callable[[], Awaitable[tuple[_Outcome, Exchange]]]
    ) -> tuple[_Outcome | Banned, Exchange, float]:
        """How a call ended, and when it was sent; if it is withheld, the ban's refusal, with no request made."""
        sent_at = self._clock()
        known = self._gate.refusal(sent_at)
        if known is not None:
            refusal, refused_call_sent_at = known
            return refusal, Exchange(requests=0), refused_call_sent_at
        outcome, exchange = await send()
        self._gate.ended(outcome, sent_at, self._clock())
        return outcome, exchange, sent_at

    async def _figure(self, ask: Callable[[], Awaitable[_Outcome]]) -> _Outcome:
        """The answer to a question that no miner asks. Raises CallError, without a request if the call is withheld."""

        async def asked() -> tuple[_Outcome | CallError, Exchange]:
            try:
                return await ask(), Exchange()
            except CallError as exc:
                return exc, Exchange()

        outcome, _, _ = await self._sent(asked)
        if isinstance(outcome, CallError):
            raise outcome
        return outcome

    async def _ask_network(self) -> None:
        gas, phase = None, None
        # not every release has both calls
        with contextlib.suppress(CallError):
            gas = await self._figure(self._client.gas)
        with contextlib.suppress(CallError):
            phase = await self._figure(self._client.network)
        self._inbox.put(Network(gas=gas, phase=phase, server=self._server))

    async def _ask_terms(self) -> None:
        asked_at, terms, requests = self._clock(), None, 0
        for ask in (self._client.current_terms, self._client.tokenomics_terms):
            requests += 1
            try:
                terms = await self._figure(ask)
            except NoSuchCall:
                continue
            except CallError:
                break
            break
        self._inbox.put(TermsStated(terms=terms, requests=requests, asked_at=asked_at, server=self._server))

    async def _register_provider(self, spec: MinerSpec) -> None:
        failed = False
        try:
            answer = await self._figure(partial(self._client.register_provider, spec))
            # hidden before it is cut, since a part of an id would not be known as one
            answered = hidden(repr(answer))[:_SHOWN]
        except CallError as exc:
            answered, failed = f"{exc}", True
        text = f"described the hosts to register-provider, {in_words(spec)}: the server answered {answered}"
        self._inbox.put(
            ProviderAnswered(miner_id=spec.miner_id, text=sanitized(text), failed=failed, server=self._server)
        )

    async def _stop_sessions(self, abandoned: Sequence[AbandonedSession]) -> None:
        for session in abandoned:
            stopped = await self._stop(session)
            self._inbox.put(stopped)
            if isinstance(stopped.outcome, Unreachable | NoAnswer | RateLimited | Banned):
                return

    async def _stop(self, session: AbandonedSession) -> AbandonedSessionStopped:
        """Stop the session that the ledger knows, or the one that the server knows if another one was requested."""
        call, found, requests = session.find_call() if session.requested else session.stop_call(), "", 1
        outcome, exchange, _ = await self._sent(partial(self._client.perform, call))
        if isinstance(outcome, SessionStart):
            found, requests = outcome.session_id, 2
            outcome, exchange, _ = await self._sent(partial(self._client.perform, session.stop_call(found)))
        return AbandonedSessionStopped(
            session=session, outcome=outcome, found=found, requests=requests, exchange=exchange, server=self._server
        )
