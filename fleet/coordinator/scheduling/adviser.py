"""Decides when to write advice and forecasts, and when to warn the owner of miners that cost income. Pure."""

from __future__ import annotations

import json

from fleet.domain.effects import Effect, ForecastMade, IncomeEstimated, Notice, NoticeKind
from fleet.earning.advice import Advice, advise
from fleet.earning.advice_json import read_advice, stated
from fleet.earning.model import IncomeModel

#: seconds between two writes
_EVERY_S = 60.0
_HOUR_S = 3600.0


class Adviser:
    """Holds the newest advice, and decides when it is written."""

    def __init__(self) -> None:
        #: None until an income could be estimated
        self.advice: Advice | None = None
        #: when advice is written next
        self.due_at = float("-inf")
        #: whether the owner was warned of miners that cost income
        self._warned = False

    def kept(self, advice: str, *, stay_open: int) -> str:
        """The warning at a start that `stay_open` miners are too many, according to the last run's `advice`.

        Empty if they are not, or if the advice is unreadable or about another number of miners.
        """
        try:
            known = read_advice(json.loads(advice))
        except (ValueError, TypeError):
            return ""
        too_many = known.clear and known.best.miners < stay_open == known.now.miners
        self._warned = too_many
        return f"as of the last run: {known.sentence}" if too_many else ""

    def write(
        self, model: IncomeModel, now: float, *, own: int, hosts: int, stay_open: int, at_rest: bool
    ) -> list[Effect]:
        """Write the advice, and the forecast if the number of miners is `at_rest`.

        Warns once if fewer miners than the `stay_open` ones would earn more.
        """
        advice = advise(model, own, hosts=hosts)
        if advice is None:
            return []
        self.advice = advice
        self.due_at = now + _EVERY_S
        effects: list[Effect] = [IncomeEstimated(advice=json.dumps(stated(advice)))]
        if at_rest:
            income = model.income(own)
            effects.append(ForecastMade(miners=own, nnet_an_hour=income.total * _HOUR_S, error=income.error))
        if advice.clear and advice.best.miners < stay_open and not self._warned:
            self._warned = True
            text = f"{advice.sentence}; these miners stay open because the settings ask for them"
            effects.append(Notice(kind=NoticeKind.EARNING, miner_id="", text=text))
        return effects
