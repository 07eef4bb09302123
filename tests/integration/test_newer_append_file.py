"""Compose's Redis on an append-only file that a newer release of Redis has written."""

from __future__ import annotations

from pathlib import Path

from tests.integration.test_redis_append_file import container, only


def test_a_file_of_a_newer_release_is_put_aside_and_redis_starts_empty(tmp_path: Path) -> None:
    with container(tmp_path) as one:
        with one.client() as client:
            client.set("a", "b")
            client.execute_command("BGREWRITEAOF")
        one.stop()
        base = only(one.data, "*.base.rdb")
        # the format's version, four digits after the magic word
        base.write_bytes(b"REDIS9999" + base.read_bytes()[9:])
        one.start()
        assert "Can't handle RDB format version 9999" in one.words
        assert "the append-only file was damaged and is now" in one.words
        with one.client() as client:
            assert client.get("a") is None
            assert client.set("a", "c")
