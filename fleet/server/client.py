"""Calls NeoNet's endpoints and parses their answers. Never retries, never decides, opens no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

from fleet.domain.answers import GasInfo, NetworkPhase, RewardTerms, Totals
from fleet.domain.calls import Answer, Call, CallKind
from fleet.domain.jobs import MinerSpec, Usage
from fleet.domain.proof import Exchange
from fleet.errors import CallError, Garbled, ServerFault, Unsendable
from fleet.server import network_figures, protocol
from fleet.server.denials import error_of
from fleet.server.http.interface import Request, Sender
from tasks.compact_json import compact_finite

_Figures = TypeVar("_Figures")


class Client:
    """Calls the NeoNet server at `base_url`: miners' calls by `miners`, all others by `others` (default: `miners`)."""

    def __init__(self, base_url: str, miners: Sender, others: Sender | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._miners = miners
        self._others = others or miners

    async def perform(self, call: Call) -> tuple[Answer | CallError, Exchange]:
        """Send a miner's call; return its answer, or an error that says what the miner can do about it.

        The digests are those of the call's last exchange. The answer's digest is empty if no answer was read.
        """
        talk = _Talk(self._base_url, self._miners)
        try:
            with _no_other_error(talk):
                return await talk.answer(call), talk.exchange
        except CallError as exc:
            return exc, talk.exchange

    async def gas(self) -> GasInfo:
        """Current network fees. Raises CallError."""
        return await self._figures("/api/gas/info", network_figures.parse_gas)

    async def network(self) -> NetworkPhase:
        """Phase of decentralization and load shares. Raises CallError."""
        return await self._figures("/api/decentralization/status", network_figures.parse_network)

    async def current_terms(self) -> RewardTerms:
        """The reward rule as newer releases state it. Raises CallError."""
        return await self._figures("/api/rewards/current", network_figures.parse_terms)

    async def tokenomics_terms(self) -> RewardTerms:
        """The reward rule among the token's figures. Raises CallError."""
        return await self._figures("/api/tokenomics", network_figures.parse_terms)

    async def register_provider(self, spec: MinerSpec) -> dict[str, Any]:
        """State hardware by the fields of `register`; the answer, of which nothing is known. Raises CallError."""
        talk = _Talk(self._base_url, self._others)
        with _no_other_error(talk):
            return await talk.post("/api/ai-miner/register-provider", protocol.registration_body(spec))

    async def _figures(self, path: str, parse: Callable[[Mapping[str, Any]], _Figures]) -> _Figures:
        talk = _Talk(self._base_url, self._others)
        with _no_other_error(talk):
            return parse(await talk.get(path))


class _Talk:
    """The requests of one call."""

    def __init__(self, base_url: str, sender: Sender) -> None:
        self.exchange = Exchange(requests=0)
        self._base_url = base_url
        self._sender = sender

    async def answer(self, call: Call) -> Answer:
        spec, miner_id = call.spec, call.spec.miner_id
        match call.kind:
            case CallKind.REGISTER:
                return protocol.parse_registration(
                    await self.post("/ai-energy/register", protocol.registration_body(spec), "contributor")
                )
            case CallKind.START_SESSION:
                return protocol.parse_session_start(
                    await self.post("/ai-energy/start-session", protocol.session_body(miner_id), "initial_task")
                )
            case CallKind.FETCH:
                content = await self._content(f"/ai-energy/task/{quote(miner_id)}", None)
                return protocol.parse_fetched(content, miner_id)
            case CallKind.SUBMIT:
                body = protocol.submission_body(miner_id, call.session_id, call.job_id, call.result)
                return protocol.parse_receipt(await self.post("/ai-energy/submit-result", body))
            case CallKind.HEARTBEAT:
                body = protocol.heartbeat_body(
                    miner_id, call.session_id, call.usage or Usage(cpu_percent=0.0), call.completed
                )
                return protocol.parse_heartbeat(await self.post("/ai-energy/heartbeat", body, "next_task"))
            case CallKind.STOP_SESSION:
                body = protocol.session_body(miner_id, call.session_id)
                return protocol.parse_session_summary(await self.post("/ai-energy/stop-session", body, "summary"))
            case CallKind.TOTALS:
                return await self._totals(call)

    async def _totals(self, call: Call) -> Totals:
        """The miner's totals, from `contributor` or, if that answers 500, from "Already registered"."""
        try:
            return protocol.parse_totals(await self.get(f"/ai-energy/contributor/{quote(call.spec.miner_id)}"))
        except ServerFault as fault:
            body = protocol.registration_body(call.spec)
            again = protocol.parse_registration(await self.post("/ai-energy/register", body, "contributor"))
            if again.oddity:
                raise Garbled(again.oddity) from fault
            if again.totals is None:
                raise fault from None
            return again.totals

    async def get(self, path: str) -> dict[str, Any]:
        return protocol.parse_object(await self._content(path, None))

    async def post(self, path: str, body: Mapping[str, Any], apart: str = "") -> dict[str, Any]:
        """Post `body`; return the answer's JSON object. Flaws inside its field `apart` don't invalidate the rest."""
        sent = compact_finite(body).encode()
        return protocol.parse_object(await self._content(path, sent), apart)

    async def _content(self, path: str, body: bytes | None) -> bytes:
        """The body of an answer with status 200. Any other status raises a CallError."""
        requests = self.exchange.requests + 1
        self.exchange = Exchange(requests=requests)
        response = await self._sender.send(Request(url=self._base_url + path, body=body))
        self.exchange = Exchange.of(body, response.body, requests=requests)
        if response.status != 200:
            raise error_of(response.status, response.body, response.retry_after_s, response.location)
        return response.body


@contextmanager
def _no_other_error(talk: _Talk) -> Iterator[None]:
    """Turn any other exception into a CallError: a call without a reply would block its miner forever.

    Raises Unsendable if no request was sent, since another attempt would fail the same way. Otherwise raises Garbled,
    since the server may have carried out the request.
    """
    try:
        yield
    except CallError:
        raise
    except Exception as exc:
        if not talk.exchange.requests:
            raise Unsendable(f"no request can be made: {exc!r:.200}") from exc
        raise Garbled(f"the call broke: {exc!r:.200}") from exc
