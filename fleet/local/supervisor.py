"""The supervisor of a farm on one machine: starts and watches Redis, simulator, workers, Flower and coordinator.

One file: starting, watching, restarting and stopping share the list of children.
"""

from __future__ import annotations

import functools
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import Settings
from fleet.broker.admission import raise_refusal
from fleet.coordinator.output.lines import Lines
from fleet.errors import ServiceError
from fleet.ledger.storage.lock import Lock
from fleet.ledger.storage.places import SIMULATOR, farm_dir
from fleet.local.keys import own_keys
from fleet.local.launch import Launcher, Plan
from fleet.local.liveness import Liveness, answered, touched
from fleet.local.processes import Child
from fleet.local.redis_server import answers, start_redis
from fleet.local.sign_socket import SignSocket
from fleet.miner.policy import LONGEST_DRAIN_S, NO_PAUSE
from fleet.private_files import keep_private, private_umask
from fleet.status.progress_bar import columns_of
from tasks.broker.handshake import process_refusal
from tasks.host.cgroup import groups
from tasks.host.hangup import stop_signals
from tasks.host.oom import OomKills, exit_cause
from tasks.host.suspension import refuse_suspension
from tasks.host.systemd import VARIABLES, ping

_POLL_S = 0.1
#: seconds allowed beyond the drain: to stop sessions, fetch totals, and 15 s where a total is in doubt
_GRACE_S = 90.0
#: coordinator exit codes after which a restart would end the same way
_FINAL_CODES = frozenset({0, 64, 69, 73, 75, 76, 78})
#: the same for a coordinator that has mined, which waits for a service that was there before
_FINAL_CODES_LATER = _FINAL_CODES - {69}
#: how long a coordinator may send no sign of life, in seconds; it sends one every five
_SILENT_S = 20.0
#: seconds between two signs of life for systemd
_PING_S = 5.0
#: seconds between two pings of Redis
_ASK_S = 5.0


@dataclass(kw_only=True, slots=True)
class FarmExit:
    """How a farm ended."""

    exit_code: int
    #: the coordinator's figures as one line of JSON; empty when there are none
    summary: str


@dataclass(kw_only=True, slots=True)
class _Signals:
    """Records the signals from the terminal and the system."""

    received: list[int] = field(default_factory=list)

    def on_signal(self, number: int, _frame: object) -> None:
        # a shell repeats the system's SIGHUP when the terminal is closed
        if number != signal.SIGHUP or not self.received:
            self.received.append(number)


class LocalFarm:
    """Starts the children in order, watches them, restarts those that die, and stops all in order."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self._settings = settings
        self._plan = plan
        self._lines = Lines(
            plan.out,
            stamped=not plan.out.isatty(),
            as_json=settings.log.format == "json",
            width=functools.partial(columns_of, plan.out),
        )
        self._launch = Launcher(settings, plan, self._lines)
        self._children: list[Child] = []
        self._coordinator: Child | None = None
        self._flower: Child | None = None
        self._revived = False
        self._ends_at: float | None = None
        self._kills = OomKills(groups())
        self._redis_address = ""
        #: detectors for those children that give signs of life
        self._liveness: dict[Child, tuple[Liveness, ...]] = {}
        self._pinged_at = float("-inf")
        self._signs: SignSocket | None = None

    def run(self) -> FarmExit:
        """Run the farm until its time limit or a signal. Leaves no child running, whichever died first."""
        signals = _Signals()
        for number in stop_signals():
            signal.signal(number, signals.on_signal)
        refuse_suspension(NO_PAUSE)
        private_umask()
        keep_private(self._settings.state_dir)
        lock = Lock(farm_dir(self._settings) / "farm.lock", holder="fleet up")
        try:
            self._launch.prepare()
            self._start(signals)
            code = self._watch(signals)
        finally:
            self._stop_children()
            if self._signs is not None:
                self._signs.close()
            lock.release()
        summary = self._launch.summary
        return FarmExit(exit_code=code, summary=summary.read_text().strip() if summary.exists() else "")

    def _start(self, signals: _Signals) -> None:
        state_dir = str(farm_dir(self._settings))
        environ = os.environ | dict(self._plan.overrides) | {"FLEET_STATE_DIR": state_dir}
        for name in VARIABLES:
            # this process answers systemd, not its children
            environ.pop(name, None)
        self._redis_address = environ["FLEET_REDIS_URL"] = self._redis_url()
        keys = own_keys(self._settings, Path(state_dir))
        self._keep(self._launch.worker(environ | keys.worker), Liveness(touched(self._launch.worker_file)))
        if self._settings.simulated:
            simulator = self._keep(self._launch.simulator(environ))
            environ["FLEET_SERVER"] = self._launch.simulator_url(simulator)
            environ["FLEET_SERVER_NAME"] = SIMULATOR
        if not signals.received:
            self._start_coordinator(environ | keys.coordinator)
        if self._settings.flower.enabled:
            self._flower = self._keep(self._launch.flower(environ))

    def _keep(self, child: Child, liveness: Liveness | None = None) -> Child:
        """Watch a child from now on; `liveness` detects that it is stuck, if it gives signs of life."""
        self._children.append(child)
        if liveness is not None:
            self._liveness[child] = (liveness,)
        return child

    def _redis_url(self) -> str:
        if self._settings.redis_url is not None:
            url = self._settings.redis_url.get_secret_value()
            raise_refusal(process_refusal(url, as_worker=False))
            return url
        local = start_redis(self._launch.run_dir)
        self._keep(local.child)
        raise_refusal(process_refusal(local.url, as_worker=False))
        self._liveness[local.child] = (Liveness(answered(functools.partial(answers, local.url), _ASK_S)),)
        return local.url

    def _start_coordinator(self, environ: dict[str, str]) -> None:
        if self._plan.for_s is not None:
            self._ends_at = time.monotonic() + self._plan.for_s
        signs = self._signs = SignSocket(self._launch.run_dir / "signs")
        self._coordinator = self._launch.coordinator(environ | signs.variables)
        # the file shows a stuck loop or thread, which a slow disk may hold up; the signs show a stopped process
        stopped = (Liveness(signs.sign, _SILENT_S),) if signs.variables else ()
        self._liveness[self._coordinator] = (Liveness(touched(self._launch.coordinator_file)), *stopped)

    def _watch(self, signals: _Signals) -> int:
        """Wait for the coordinator to end, and return its exit code."""
        kill_at: float | None = None
        while self._coordinator is not None:
            now = time.monotonic()
            if len(signals.received) > 1 or (kill_at is not None and now > kill_at):
                self._lines.say("stopped at once; the next start continues from the ledger")
                self._coordinator.kill()
                return 128 + (signals.received or [signal.SIGTERM])[0]
            if signals.received and kill_at is None:
                kill_at = now + max(self._settings.drain_s, LONGEST_DRAIN_S) + _GRACE_S
                interrupted = signals.received[0] == signal.SIGINT
                self._coordinator.signal(signal.SIGINT if interrupted else signal.SIGTERM)
            code = self._coordinator.exit_code
            if code is not None:
                final = _FINAL_CODES_LATER if self._revived else _FINAL_CODES
                # it has written its figures, so it ended as intended
                if code in final or signals.received or self._launch.summary.exists():
                    # a signal ended it before it could drain
                    return code if code >= 0 else 128 - code
                self._revive_coordinator(code, now)
            for child in [one for one in self._children if one.exit_code is not None]:
                if not signals.received:
                    self._revive(child, now)
            self._look_around(now, stopping=bool(signals.received))
            time.sleep(_POLL_S)
        return 128 + signals.received[0]

    def _look_around(self, now: float, *, stopping: bool) -> None:
        """Kill stuck children, which are then restarted, and tell systemd that this process is alive."""
        if now - self._pinged_at >= _PING_S:
            self._pinged_at = now
            ping()
        for child, signs in self._liveness.items():
            stuck = [one for one in signs if one.is_stuck(now)]
            if not stuck or stopping:
                continue
            # a worker touches its file only while it has a Redis
            if child.name != "worker" or answers(self._redis_address):
                self._lines.say(f"the {child.name} has hung for {stuck[0].still_s:.0f} s")
                child.kill()

    def _revive(self, child: Child, now: float) -> None:
        self._lines.say(f"{child.name} ended with {exit_cause(child.exit_code, self._kills)}; starting it again")
        if child is self._flower:
            # another program may have taken the port since it was checked
            child.variables.update(self._launch.flower_port())
        self._reset_liveness(child)
        try:
            child.restart(now)
        except ServiceError as exc:
            if child is not self._flower:
                raise
            self._children.remove(child)
            self._lines.say(f"{exc}\nmining goes on without Flower")

    def _revive_coordinator(self, code: int, now: float) -> None:
        coordinator = self._coordinator
        if coordinator is None:
            return
        self._revived = True
        self._lines.say(
            f"the coordinator ended with {exit_cause(code, self._kills)}; starting it again, sessions are adopted"
        )
        if self._ends_at is not None:
            at = coordinator.argv.index("--for") + 1
            coordinator.argv[at] = f"{max(self._ends_at - now, 1.0):.3f}"
        self._reset_liveness(coordinator)
        coordinator.restart(now)

    def _reset_liveness(self, child: Child) -> None:
        for one in self._liveness.get(child, ()):
            one.reset()

    def _stop_children(self) -> None:
        """Stop the children, those that depend on others first."""
        if self._coordinator is not None:
            self._coordinator.kill()
        for child in reversed(self._children):
            child.signal(signal.SIGTERM)
        for child in reversed(self._children):
            child.stop(patience_s=8.0)
