"""A proxy to the simulator that puts the miner's id into its job ids, job types, session ids and data."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: one in this many jobs is of a type that no worker knows
_ODD = 5


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = ""
    jobs = 0

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        pass

    def _pass_on(self, body: bytes | None) -> None:
        asked = json.loads(body) if body else {}
        miner_id = asked.get("contributor_id", self.path.rpartition("/")[2])
        raw = None if body is None else body.decode().replace(f"{miner_id}.", "").encode()
        request = urllib.request.Request(self.upstream + self.path, raw, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        content = json.dumps(self._repeating(json.loads(content), miner_id)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _repeating(self, answer: Any, miner_id: str) -> Any:
        if not isinstance(answer, dict):
            return answer
        changed = {name: self._repeating(value, miner_id) for name, value in answer.items()}
        for name in ("task_id", "session_id"):
            if isinstance(changed.get(name), str):
                changed[name] = f"{miner_id}.{changed[name]}"
        if "task_type" in changed and isinstance(changed.get("data"), dict):
            type(self).jobs += 1
            changed["data"] |= {"for": miner_id, "also": [{miner_id.upper(): f"to {miner_id}"}]}
            if self.jobs % _ODD == 0:
                changed["task_type"] = f"task-of-{miner_id[:44]}"
        return changed


@contextmanager
def repeating(upstream: str) -> Iterator[str]:
    """The URL of such a proxy to the simulator at `upstream`, which pays and counts."""
    handler = type("Handler", (_Handler,), {"upstream": upstream, "jobs": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
