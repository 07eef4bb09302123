"""A PostgreSQL server for one test: Debian's programs, in a separate folder, as a user other than root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.local.redis_server import free_port
from tests.support.lacks import lacks
from tests.support.processes import eventually

_ROLE = "farmer"
#: PostgreSQL refuses to run as root
_USER = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def programs() -> Path | None:
    """The folder of initdb and postgres: on the PATH, or where Debian installs them; None without either."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


class Postgres:
    """A server with one empty database, which can be killed, stopped and restarted."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self._data), "-U", _ROLE, "--auth=trust", "--encoding=UTF8", "--no-locale")
        self.start()

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database."""
        return f"postgresql+psycopg://{_ROLE}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        argv = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self._port)]
        argv += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, cwd="/", user=_USER)
        eventually("an answer of PostgreSQL", self._answers)

    def kill(self) -> None:
        """kill -9 of all the server's processes, as at a power cut."""
        self._signal(signal.SIGKILL)
        # it leaves shared memory behind; the next start waits until its processes are gone
        time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server in order, closing every connection at once."""
        self._signal(signal.SIGINT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        self._process.wait(60)

    def _answers(self) -> bool:
        argv = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port), "-U", _ROLE]
        return subprocess.run(argv, check=False, cwd="/").returncode == 0

    def _run(self, name: str, *arguments: str) -> None:
        argv = [str(self._bin / name), *arguments]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd="/", user=_USER)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that runs until the block ends."""
    folder = programs()
    if folder is None:
        lacks("no PostgreSQL: apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="neonet-postgres-"))
    if _USER is not None:
        os.chown(home, _USER, -1)
    home.chmod(0o755)
    server = None
    try:
        server = Postgres(home, folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)
