"""Every server's certificate is watched: one that does not answer leaves the others known."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path

from fleet.coordinator.observing.surroundings_watch import SurroundingsWatch
from fleet.local.redis_server import free_port
from fleet.server.certificate import certificate_of
from tests.support.processes import eventually
from tests.support.tls_front import Front


def ends(port: int, authority: Path) -> float:
    context = ssl.create_default_context(cafile=str(authority))
    return certificate_of("127.0.0.1", port, context, timeout_s=10.0).ends


def test_each_server_has_its_own_end_and_one_that_is_gone_hides_no_other(tmp_path: Path) -> None:
    main, side = (Front(tmp_path / name, ["127.0.0.1"], None) for name in ("main", "side"))
    asks = {
        "gone": partial(ends, free_port(), main.authority),
        "main": partial(ends, main.port, main.authority),
        "side": partial(ends, side.port, side.authority),
    }
    watch = SurroundingsWatch(tmp_path, asks)
    try:
        eventually("both ends", lambda: watch.certificates_end().keys() == {"main", "side"})
    finally:
        watch.close()
    assert all(end > 1_800_000_000 for end in watch.certificates_end().values())
