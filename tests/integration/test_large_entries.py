"""Entries of the results stream that are large: read in blocks of bounded size, or not at all."""

from __future__ import annotations

from queue import SimpleQueue

import psutil

from fleet.broker.results import BrokerState, Intake, Results
from fleet.broker.stream import NEW, Stream
from tasks.broker.redis_client import redis_client
from tasks.messages import MAX_RESULT_BYTES, RESULTS_GROUP, RESULTS_STREAM
from tests.support.intake import put
from tests.support.processes import PATIENCE_S


def test_a_burst_of_large_entries_is_read_in_blocks_of_bounded_size(empty_redis_url: str) -> None:
    """60 entries of 2 MB at once, and a single one of 60 MB: the process that reads them never holds half of that.

    It grows by 22 to 27 MB on an idle machine, and by 47 MB beside other tests.
    """
    blocks: SimpleQueue[Results | BrokerState] = SimpleQueue()
    with redis_client(empty_redis_url, timeout_s=PATIENCE_S) as client, redis_client(empty_redis_url) as reader:
        client.xgroup_create(RESULTS_STREAM, RESULTS_GROUP, id="0", mkstream=True)
        fill = "for i = 1, 60 do redis.call('XADD', KEYS[1], '*', 'body', string.rep('x', 2000000)) end"
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", "1gb")
        try:
            client.eval(fill, 1, RESULTS_STREAM)
            client.xadd(RESULTS_STREAM, {str(number): "x" * 2_000_000 for number in range(30)})
            put(empty_redis_url, "job-last")
            resident = psutil.Process().memory_info().rss
            one = Intake(reader, blocks.put)
            try:
                jobs: list[str] = []
                flaws: list[str] = []
                peak = 0
                while "job-last" not in jobs:
                    event = blocks.get(timeout=PATIENCE_S)
                    peak = max(peak, psutil.Process().memory_info().rss - resident)
                    if isinstance(event, Results):
                        jobs += [message.job_id for message in event.messages]
                        flaws += event.flaws
            finally:
                one.close()
                one.thread.join(PATIENCE_S)
        finally:
            client.flushall()
            client.config_set("maxmemory", before)
    assert len(flaws) == 61
    assert f"an entry of 2000036 bytes, at most {MAX_RESULT_BYTES} are read" in flaws
    assert peak < 80 * 1024 * 1024


def test_entries_of_many_empty_fields_weigh_what_they_cost_and_are_not_read(empty_redis_url: str) -> None:
    """Text alone was counted: such an entry weighed nothing, and a few of them kept the reader busy for minutes.

    140,000 empty texts weigh more than a block of 2 MB. Redis needs ten times as long to store as to read them.
    """
    with redis_client(empty_redis_url, timeout_s=PATIENCE_S) as client, redis_client(empty_redis_url) as reader:
        client.xgroup_create(RESULTS_STREAM, RESULTS_GROUP, id="0", mkstream=True)
        add = ("XADD", RESULTS_STREAM, "*", *([""] * 140_000))
        try:
            for _ in range(4):
                client.execute_command(*add)
            stream = Stream(reader)
            blocks = [stream.read(NEW), stream.read(NEW), stream.read(NEW), stream.read(NEW)]
        finally:
            client.flushall()
    assert [[(dict(one.fields), one.too_large) for one in block] for block in blocks] == [[({}, True)]] * 4
