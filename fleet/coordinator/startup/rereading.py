"""Starts and ends what reads the settings again while the coordinator runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import partial

from config.hiding import hide_by
from config.load import toml_file
from config.logs import set_level
from config.server_tables import ServerSettings
from config.settings import Settings
from fleet.broker.disguise import Disguise
from fleet.coordinator.loop import Coordinator
from fleet.coordinator.reload.desk import ReloadDesk
from fleet.coordinator.reload.reload_thread import ReloadThread
from fleet.coordinator.reload.reloading import Reloadable, Reloading, Shared
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.startup.miner_ids import miner_specs
from fleet.coordinator.startup.open_server import AccountsAtServer, Named, OpenServer, warnings_of
from fleet.coordinator.startup.start import Start
from fleet.domain.jobs import MinerSpec
from fleet.domain.miner_names import IdHider
from fleet.miner.miner import Miner


@dataclass(frozen=True, kw_only=True, slots=True)
class Reloadables:
    """What a reload may change."""

    #: each server's miners
    servers: Sequence[tuple[OpenServer, Named, Farm]]
    #: miner id → name, and miner id → name of its server, which is empty for the only one
    names: MutableMapping[str, str]
    keys: MutableMapping[str, str]
    disguise: Disguise
    #: is called with miners that are new or renamed
    miners_changed: Callable[[Sequence[Miner]], None]
    #: parts that take over settings of their own
    live: Sequence[Callable[[Settings], None]]
    #: logs what changed, by whom, and why; raises LedgerError
    record: Callable[[str, str, str], None]


@contextlib.contextmanager
def rereading(start: Start, parts: Reloadables, coordinator: Coordinator) -> Iterator[Callable[[], None] | None]:
    """Read the settings again when asked to. Yields what SIGHUP calls; None where settings are never read again."""
    read = start.run.read
    if read is None:
        yield None
        return
    coordinator.reloading = Reloading(start.settings, _servers(start, parts), _shared(start, parts))
    desk = ReloadDesk(start.settings.state_dir)
    thread = ReloadThread(desk, toml_file(), read, start.inbox.put, start.lines.say, parts.record)
    try:
        yield thread.hang_up
    finally:
        thread.close()


def _servers(start: Start, parts: Reloadables) -> list[Reloadable]:
    return [
        Reloadable(
            server=opened.server.name,
            key=opened.name,
            farm=farm,
            accounts=AccountsAtServer(start.settings, opened),
            names=named.names,
        )
        for opened, named, farm in parts.servers
    ]


def _shared(start: Start, parts: Reloadables) -> Shared:
    def learn() -> None:
        parts.disguise.learn()
        hide_by(IdHider(parts.names))

    def specs(settings: Settings, server: ServerSettings | None) -> Sequence[MinerSpec]:
        return miner_specs(settings, settings.state_dir, server, has=start.has)

    return Shared(
        specs=specs,
        warnings=partial(warnings_of, simulated=start.run.simulated),
        names=parts.names,
        keys=parts.keys,
        learn=learn,
        miners_changed=parts.miners_changed,
        turn=start.writing,
        live=(*parts.live, lambda settings: set_level(settings.log.level)),
    )
