"""Without OpenTelemetry's SDK, the setting that needs it is refused by a sentence that says what to install."""

from __future__ import annotations

import sys

import pytest

from fleet.errors import WrongSetting
from fleet.tracing.opening import open_traces


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fleet.tracing.otlp", None)
    with pytest.raises(WrongSetting, match=r"pip install 'neonet-fleet\[otel\]'"):
        open_traces("http://127.0.0.1:4318/v1/traces", release="0.1.0")
