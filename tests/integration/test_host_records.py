"""What was found out about worker hosts holds over a restart of the coordinator, also over one that was killed."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fleet.audit.auditor import Auditor
from fleet.audit.host_record import KeptRecord
from fleet.audit.identities import Identities
from fleet.coordinator.steering.host_memory import HostMemory
from fleet.domain.checks import Checked
from fleet.ledger.host_records import MOST_HOSTS, HostRecordBook
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_beside, open_engine

KIND = ("x86_64", "2.4.6")
#: writes two records again and again, both with the same counts
_WRITER = """
import sys
from dataclasses import replace
from itertools import count
from fleet.audit.host_record import KeptRecord
from fleet.ledger.host_records import HostRecordBook
from fleet.ledger.storage.engine import open_beside
book = HostRecordBook(open_beside(sys.argv[1]), "")
first = KeptRecord(host="a", key="", kind=(), agreed=0, wrong=0, in_a_row=0, first_in_a_row=0)
for number in count(1):
    one = replace(first, agreed=number, in_a_row=number)
    book.write([one, replace(one, host="b")])
    if number == 5:
        print("writes", flush=True)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with Ledger(open_engine(url), "one"):
        return url


def _started(url: str, clock: list[float], farm: str = "") -> tuple[Auditor, HostMemory]:
    """A coordinator that has just started, and sees host a."""
    auditor = Auditor(0.02, random.Random(1))
    memory = HostMemory(auditor, HostRecordBook(open_beside(url), farm), threading.Lock(), lambda: clock[0])
    memory.load()
    auditor.identify(Identities(kinds={"a": KIND, "b": KIND}, keys={"a": "12ab"}))
    return auditor, memory


def _agree(auditor: Auditor, times: int, host: str = "a") -> None:
    for _ in range(times):
        auditor.take(Checked(job_id="j1", agreed=(host,), first=host))


def _kept(url: str, host: str = "a") -> KeptRecord | None:
    return next((one for one in HostRecordBook(open_beside(url), "").load() if one.host == host), None)


def test_the_next_coordinator_checks_a_known_host_as_seldom_as_this_one(url: str) -> None:
    auditor, memory = _started(url, [0.0])
    _agree(auditor, 25)
    memory.close()
    again, _ = _started(url, [0.0])
    assert again.share_of("a") == auditor.share_of("a") == 0.25
    assert _kept(url) == auditor.kept["a"]


def test_what_decides_on_checks_is_written_at_the_next_look_and_mere_counts_within_a_minute(url: str) -> None:
    clock = [0.0]
    auditor, memory = _started(url, clock)
    written = []
    for _ in range(15):
        _agree(auditor, 1)
        memory.look()
        kept = _kept(url)
        assert kept is not None
        written.append(kept.first_in_a_row)
    assert written == [*range(1, 11), *[10] * 5]
    auditor.take(Checked(job_id="j1", wrong=("a",)))
    memory.look()
    assert _kept(url) == auditor.kept["a"]
    _agree(auditor, 100)
    memory.look()
    _agree(auditor, 5)
    memory.look()
    assert _kept(url) != auditor.kept["a"]
    clock[0] = 60.0
    memory.look()
    assert _kept(url) == auditor.kept["a"]


def test_farms_that_share_a_database_keep_their_hosts_apart(url: str) -> None:
    auditor, memory = _started(url, [0.0], "one")
    _agree(auditor, 60)
    memory.close()
    other, _ = _started(url, [0.0], "two")
    assert other.share_of("a") == 1


def test_of_invented_hosts_the_last_ones_are_kept(url: str) -> None:
    moments = iter(range(1_000))
    book = HostRecordBook(open_beside(url), "", lambda: next(moments))
    for number in range(MOST_HOSTS + 4):
        book.write([KeptRecord(host=f"h{number}", key="", kind=KIND, agreed=1, wrong=0, in_a_row=1, first_in_a_row=1)])
    kept = book.load()
    assert len(kept) == MOST_HOSTS
    assert kept[0].host == f"h{MOST_HOSTS + 3}"
    assert "h3" not in {one.host for one in kept}


def test_a_coordinator_that_is_killed_while_it_writes_leaves_the_old_records_or_the_new_ones(url: str) -> None:
    last = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writes\n"
            writer.kill()
        a, b = _kept(url, "a"), _kept(url, "b")
        assert a is not None
        assert b is not None
        assert a.agreed == b.agreed >= 5
        last = max(last, a.agreed)
    assert last
