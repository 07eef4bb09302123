"""The simulator's HTTP server, based on tornado."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Callable
from random import Random
from urllib.parse import parse_qsl, unquote

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest

from fleet.simulator.answers import TOO_MANY, Answer
from fleet.simulator.control import PREFIX, Inquiry, control
from fleet.simulator.delivery import deliver, fail_to_deliver
from fleet.simulator.endpoints import ApiRequest, parse_request
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import Fault
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator

MAX_BODY_BYTES = 16_000_000
_UNDELIVERED = frozenset(
    {
        FaultKind.HANG_BEFORE,
        FaultKind.HANG_AFTER,
        FaultKind.HANG_BODY,
        FaultKind.TRICKLE,
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
    }
)
_NOTHING_DONE = frozenset({FaultKind.HANG_BEFORE, FaultKind.DROP_BEFORE})


class SimulatorServer:
    """Listens and answers in one event loop, and stops at once when closed."""

    def __init__(self, options: SimulatorOptions) -> None:
        self._options = options
        self.simulator = Simulator(options, now=time.time())
        self._server = HTTPServer(self._on_request, max_body_size=MAX_BODY_BYTES, idle_connection_timeout=3600)
        #: separate from the simulator's own generator, which determines its jobs and amounts
        self._rng = Random()
        self._travelling: set[asyncio.Task[None]] = set()
        self.url = ""

    def listen(self) -> str:
        """Bind and accept. Returns the URL. Raises OSError where the port is taken."""
        host = self._options.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # tornado's bind_sockets would leave its socket open where the port is taken
        listener = socket.create_server((host, self._options.port), family=family, backlog=1024)
        listener.setblocking(False)
        self._server.add_socket(listener)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{listener.getsockname()[1]}"
        return self.url

    async def close(self) -> None:
        """Stop listening, drop calls in progress, close every connection."""
        self._server.stop()
        for task in tuple(self._travelling):
            task.cancel()
        await asyncio.gather(*self._travelling, return_exceptions=True)
        await self._server.close_all_connections()

    def _on_request(self, request: HTTPServerRequest) -> None:
        path = unquote(request.path)
        if path.startswith(PREFIX):
            query = dict(parse_qsl(request.query, keep_blank_values=True))
            inquiry = Inquiry(query=query, body=request.body, now=time.time())
            self._deliver(request, control(self.simulator, request.method or "", path, inquiry))
            return
        call = parse_request(request.method or "", path, request.body)
        refusal = self.simulator.refusal(call, request.remote_ip or "", time.monotonic())
        if refusal is not None:
            self._deliver(request, refusal)
            return
        fault = self.simulator.fault_for(call)
        delay_s = self.simulator.delay_s(call)
        if not delay_s and (fault is None or fault.kind not in _UNDELIVERED):
            self._deliver(request, self._perform(request, call, fault))
            self._log(request, call, fault)
            return
        task = asyncio.get_running_loop().create_task(self._travel(request, call, fault, delay_s))
        self._travelling.add(task)
        task.add_done_callback(self._travelling.discard)

    async def _travel(self, request: HTTPServerRequest, call: ApiRequest, fault: Fault | None, delay_s: float) -> None:
        await asyncio.sleep(delay_s / 2)
        if fault is not None and fault.kind in _NOTHING_DONE:
            await fail_to_deliver(request, TOO_MANY, fault.kind)
            return
        answer = self._perform(request, call, fault)
        self._log(request, call, fault)
        await asyncio.sleep(delay_s / 2)
        if fault is not None and fault.kind in _UNDELIVERED:
            await fail_to_deliver(request, answer, fault.kind)
        else:
            self._deliver(request, answer)

    def _perform(self, request: HTTPServerRequest, call: ApiRequest, fault: Fault | None) -> Answer:
        address = request.remote_ip or ""
        return self.simulator.perform(call, fault, address=address, now=time.time(), monotonic_s=time.monotonic())

    def _deliver(self, request: HTTPServerRequest, answer: Answer) -> None:
        deliver(request, answer, self._rng)

    def _log(self, request: HTTPServerRequest, call: ApiRequest, fault: Fault | None) -> None:
        if self._options.verbose:
            struck = f" [{fault.kind.value}]" if fault else ""
            print(f"{request.remote_ip} {call.endpoint} {request.path}{struck}", file=sys.stderr, flush=True)


async def serve(options: SimulatorOptions, stop: asyncio.Event, ready: Callable[[SimulatorServer], None]) -> None:
    """Serve until `stop` is set; `ready` is called once, when the server accepts connections.

    Raises OSError where the address can't be bound.
    """
    server = SimulatorServer(options)
    server.listen()
    try:
        ready(server)
        await stop.wait()
    finally:
        await server.close()
