"""A miner's way through its phases at the server: registered, in a session, stopped, its last total stated. Pure."""

from __future__ import annotations

from fleet.domain.answers import Registration, SessionStart, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Effect, Notice, NoticeKind, SessionClosed, SessionOpened
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.errors import CallError, NotRegistered, OutcomeUnknown, SessionLost
from fleet.miner.farewell import Farewell, not_stopped
from fleet.miner.job_notices import anomaly
from fleet.miner.jobs import Find, Workload
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from fleet.miner.reconciling import Reconciling
from fleet.miner.session import Session
from fleet.money.balance import MinerAccount


class Lifecycle:
    """Follows the phase, and what an earlier coordinator left open. `workload` holds the session while one runs."""

    def __init__(
        self,
        spec: MinerSpec,
        policy: Policy,
        workload: Workload,
        account: MinerAccount,
        reconciling: Reconciling,
        saved: SavedMiner,
    ) -> None:
        self.phase = Phase.UNREGISTERED
        #: whether the server stated its total at the end and it was compared
        self.compared = False
        #: whether a session was opened since the start
        self.mined = False
        #: the session that an earlier coordinator left open, until it is adopted or over
        self.left_open = saved.session
        #: whether a session was requested and the answer is missing, so that the server may have opened one
        self._in_doubt = saved.session_requested
        #: whether that is left for the next start to find out
        self._leaves_doubt = False
        self._owes_total = saved.closed_uncompared
        self._spec = spec
        self._policy = policy
        self._workload = workload
        self._account = account
        self._reconciling = reconciling
        self._farewell = Farewell()

    @property
    def may_be_open(self) -> bool:
        """Whether the server may have a session open that is not adopted yet."""
        return self.left_open is not None or (self._in_doubt and not self._leaves_doubt)

    @property
    def may_rest(self) -> bool:
        """Whether nothing is lost if no session is opened: none may be open, and no job is."""
        opens = self.phase in {Phase.UNREGISTERED, Phase.REGISTERED}
        return opens and not self.may_be_open and not self._workload.jobs

    def begins(self, kind: CallKind) -> list[Effect]:
        """A call begins: the row for a request of a session, unless an earlier one has a row and no outcome."""
        requests = kind is CallKind.START_SESSION and not self._in_doubt
        return [SessionRequested(miner_id=self._spec.miner_id)] if requests else []

    def request_failed(self, error: CallError) -> list[Effect]:
        """The request for a session failed. One that may have been carried out leaves the miner in doubt."""
        self._in_doubt |= isinstance(error, OutcomeUnknown)
        return [] if self._in_doubt else [SessionDenied(miner_id=self._spec.miner_id)]

    def registered(self, registration: Registration, now: float) -> list[Effect]:
        """The server knows the miner."""
        self.phase = Phase.REGISTERED
        words = "registered" if registration.new else "already registered"
        entries = self._account.registered(registration, unresolved=self._workload.unresolved)
        # a payment that no answer stated can only be proved against an earlier total, so one is requested soon
        self._reconciling.due(now, when=self._account.base_total is None)
        odd = [anomaly(self._spec.miner_id, registration.oddity)] if registration.oddity else []
        return [self._notice(NoticeKind.REGISTERED, words), *odd, *entries]

    def started(self, start: SessionStart, reply: Reply, now: float, find: Find, *, takes: bool) -> list[Effect]:
        """A session was opened, or the one that an earlier coordinator left open is adopted.

        `takes` is whether the miner takes new jobs.
        """
        miner_id, session_id = self._spec.miner_id, start.session_id
        known, self.left_open, self._in_doubt = self.left_open, None, False
        effects: list[Effect] = []
        if known is not None and known.session_id != session_id:
            effects.append(SessionClosed(miner_id=miner_id, session_id=known.session_id, cause="lost by the server"))
            known = None
        self.phase, self.mined, self._owes_total = Phase.MINING, True, False
        self._workload.session = Session.opened(session_id, self._policy.heartbeat_s, known, now)
        self._account.session_opened(session_id, known, adopted=start.adopted)
        effects += [
            SessionOpened(miner_id=miner_id, session_id=session_id, offset=self._account.session_offset),
            self._notice(NoticeKind.SESSION, f"session {'adopted' if start.adopted else 'started'}: {session_id}"),
            *(anomaly(self._spec.miner_id, text) for text in start.anomalies),
        ]
        if takes:
            effects += self._workload.free_job(start.initial_job, reply, now, find)
        return effects

    def give_up(self) -> None:
        """Leave a session that may be open to the next start, which the ledger tells of it."""
        self.left_open, self._leaves_doubt = None, True

    def drain_begun(self, *, mines_on: bool) -> None:
        """Give a farewell that is under way its attempts again, since those before may have failed in an outage.

        A miner whose last farewell ended without its total is asked for it once more. `mines_on` is whether only this
        miner drains.
        """
        self._farewell.begin(mines_on=mines_on)
        if self._owes_total and self.phase is Phase.DONE and not self._workload.jobs:
            self.request_total()

    def before_rest(self) -> None:
        """At the end of a drain, request the total that no answer has stated since the last session ended."""
        if self._owes_total and self.may_rest:
            self.request_total()

    def request_total(self) -> None:
        """Request the total of a miner without a session, unless a farewell is under way."""
        if not self.may_be_open and self.phase not in {Phase.MINING, Phase.STOPPED}:
            self.phase, self._owes_total = Phase.STOPPED, False
            self._farewell.next_step()

    def stopped(self, call: Call, cause: str, *, over: bool = True) -> list[Effect]:
        """Go on with the drain. A session that may not be `over` stays open in the ledger until the next start."""
        self.phase, self._workload.session = Phase.STOPPED, None
        self._farewell.next_step()
        words = f"session {cause}: {call.session_id}"
        if not over:
            return [self._notice(NoticeKind.ANOMALY, words)]
        closed = SessionClosed(miner_id=self._spec.miner_id, session_id=call.session_id, cause=cause)
        return [closed, self._notice(NoticeKind.STOPPED, words)]

    def totals(self, totals: Totals, reply: Reply, now: float) -> list[Effect]:
        """The server stated the miner's total, which ends a farewell."""
        if not self._reconciling.believes(now, may_lag=self._account.may_lag(totals), payments=self._account.payments):
            return []
        if self.phase is Phase.STOPPED:
            self.phase, self.compared = Phase.DONE, True
        compared = self._account.reconciled(totals, reply.exchange)
        return [*compared, *self._account.wallet.stated(totals.balance, totals.total_rewards)]

    def start_over(self, error: CallError) -> list[Effect]:
        """Start over with a new session or registration, whichever the server forgot."""
        session, left = self._workload.session, self.left_open
        self._workload.session = self.left_open = None
        self.phase = Phase.UNREGISTERED if isinstance(error, NotRegistered) else Phase.REGISTERED
        self._account.server_forgot |= isinstance(error, NotRegistered)
        self._owes_total |= session is not None
        denied, self._in_doubt = [SessionDenied(miner_id=self._spec.miner_id)] if self._in_doubt else [], False
        gone = [one.session_id for one in (session, left) if one is not None]
        closed = [SessionClosed(miner_id=self._spec.miner_id, session_id=one, cause=str(error)[:200]) for one in gone]
        return [*closed, self._notice(NoticeKind.SESSION_LOST, str(error))] if session else [*denied, *closed]

    def farewell_failed(self, call: Call, error: CallError) -> list[Effect]:
        """Retry a step of the farewell a few times; after that, the drain goes on without it."""
        last, gone = self._farewell.failed(call.kind, error), isinstance(error, NotRegistered | SessionLost)
        if call.kind is CallKind.TOTALS:
            if not (gone or last):
                # the ledger records that a total is not stated once no further attempt follows
                return []
            self.phase, self._owes_total = Phase.DONE, not gone
            return [self._account.unverifiable(str(error))]
        if gone:
            return self.stopped(call, "lost by the server")
        return self.stopped(call, not_stopped(error), over=False) if last else []

    def leave(self, call: Call, reason: str) -> list[Effect]:
        """Leave the session as it is at the server; `call` would have stopped it."""
        effects = self.stopped(call, f"not stopped: {reason}", over=False) if self._workload.session else []
        self.phase = Phase.DONE
        return effects

    def reopen(self, *, register: bool) -> None:
        """Mine again after a farewell; `register` says that the server has to know other hardware first."""
        if self.phase is Phase.DONE:
            self.phase, self.compared = Phase.REGISTERED, False
            self._farewell.next_step()
        if register and self.phase is Phase.REGISTERED:
            self.phase = Phase.UNREGISTERED

    def _notice(self, kind: NoticeKind, text: str) -> Notice:
        return Notice(kind=kind, miner_id=self._spec.miner_id, text=text)
