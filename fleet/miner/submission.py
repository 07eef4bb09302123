"""The states of a job's submission, and which event leads from one to the next. Pure.

A submission without an answer may have been carried out (docs/protocol-notes.md, 1), so it is sent again on the side
lane, while the miner fetches its next job. If the server hands out the job once more, none of the submissions arrived.
"""

from __future__ import annotations

from enum import Enum, auto


class Submission(Enum):
    """The state of a job's submission to the server."""

    #: nothing was sent, or the server refused the result and another one is to be sent
    UNSENT = auto()
    #: under way, and every earlier one had no effect
    SENT = auto()
    #: the server's limit refused the last one, which had no effect
    LIMITED = auto()
    #: the last one did not reach the server, or met no session there, and had no effect
    UNREACHED = auto()
    #: the last one had no answer that shows its outcome
    UNANSWERED = auto()
    #: under way, while an earlier one had no answer
    SENT_AGAIN = auto()
    #: the server has handed out the job again, so no submission without an answer arrived
    WANTED = auto()
    #: under way, after the server handed out the job again
    SENT_WANTED = auto()

    @property
    def in_flight(self) -> bool:
        """Whether a submission is under way."""
        return self in _IN_FLIGHT

    @property
    def unknown(self) -> bool:
        """Whether the outcome of an earlier submission is unknown."""
        return self in _UNKNOWN

    @property
    def wanted(self) -> bool:
        """Whether the server has handed out the job again since a submission had no answer."""
        return self is Submission.WANTED or self is Submission.SENT_WANTED

    def after(self, event: SubmissionEvent) -> Submission:
        """The state after `event`. Raises KeyError for an event that can't happen in this state."""
        return TRANSITIONS[self][event]


class SubmissionEvent(Enum):
    """An event of a submission that does not end the job."""

    #: it was sent
    SENDING = auto()
    #: it had no answer that shows its outcome
    NO_ANSWER = auto()
    #: the server's limit refused it
    LIMIT = auto()
    #: it had no effect for another reason
    NO_EFFECT = auto()
    #: the server refused the result, which was cut for another submission
    MENDED = auto()
    #: the server handed out the job again
    GIVEN_AGAIN = auto()


_IN_FLIGHT = frozenset({Submission.SENT, Submission.SENT_AGAIN, Submission.SENT_WANTED})
_UNKNOWN = frozenset({Submission.UNANSWERED, Submission.SENT_AGAIN, Submission.WANTED, Submission.SENT_WANTED})

_S, _E = Submission, SubmissionEvent
#: state → event → next state; an event without an entry can't happen in that state
TRANSITIONS: dict[Submission, dict[SubmissionEvent, Submission]] = {
    _S.UNSENT: {_E.SENDING: _S.SENT, _E.GIVEN_AGAIN: _S.UNSENT},
    _S.LIMITED: {_E.SENDING: _S.SENT, _E.GIVEN_AGAIN: _S.LIMITED},
    _S.UNREACHED: {_E.SENDING: _S.SENT, _E.GIVEN_AGAIN: _S.UNREACHED},
    _S.SENT: {
        _E.NO_ANSWER: _S.UNANSWERED,
        _E.LIMIT: _S.LIMITED,
        _E.NO_EFFECT: _S.UNREACHED,
        _E.MENDED: _S.UNSENT,
        # the answer to a fetch was overtaken by the submission
        _E.GIVEN_AGAIN: _S.SENT,
    },
    _S.UNANSWERED: {_E.SENDING: _S.SENT_AGAIN, _E.GIVEN_AGAIN: _S.WANTED},
    _S.SENT_AGAIN: {
        _E.NO_ANSWER: _S.UNANSWERED,
        _E.LIMIT: _S.UNANSWERED,
        _E.NO_EFFECT: _S.UNANSWERED,
        _E.MENDED: _S.UNSENT,
        _E.GIVEN_AGAIN: _S.SENT_WANTED,
    },
    _S.WANTED: {_E.SENDING: _S.SENT_WANTED, _E.GIVEN_AGAIN: _S.WANTED},
    _S.SENT_WANTED: {
        _E.NO_ANSWER: _S.UNANSWERED,
        _E.LIMIT: _S.WANTED,
        _E.NO_EFFECT: _S.WANTED,
        _E.MENDED: _S.UNSENT,
        _E.GIVEN_AGAIN: _S.SENT_WANTED,
    },
}
