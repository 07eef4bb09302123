"""The systemd units for a whole farm, a coordinator and a worker host, as text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fleet.errors import ServiceError


class Part(Enum):
    """The part of a farm that a unit runs."""

    #: a whole farm on one machine, with its Redis
    UP = "up"
    COORDINATOR = "coordinator"
    WORKER = "worker"
    #: a worker on an invited host, where `fleet join` has saved the invitation
    JOIN = "join"


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """The paths of this release, and the user that the unit is for."""

    #: path of the `fleet` command
    command: str
    #: the state folder, the only one that the unit may write
    state_dir: str
    #: a file of FLEET_ variables, mode 0600, read at the start
    env_file: str
    #: whether the unit is for the whole machine, with its own user, rather than for one user
    system: bool
    #: whether any file that the unit runs lies in a home folder, which is then readable rather than hidden
    in_home: bool = False


_DESCRIPTIONS = {
    Part.UP: "NeoNet fleet: a whole farm on this machine",
    Part.COORDINATOR: "NeoNet fleet: coordinator",
    Part.WORKER: "NeoNet fleet: worker",
    Part.JOIN: "NeoNet fleet: worker for another host's farm",
}
#: 64 and 78 are mistakes in the settings, which a restart does not fix
_SERVICE = """\
[Unit]
Description={description}
# Entries and heartbeats carry the time: a machine without a battery for its clock starts in the past.
After=network-online.target time-sync.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command} {part}
{reload}EnvironmentFile=-{env_file}
Environment=FLEET_STATE_DIR={state_dir} FLEET_GIVE_UP_S=0 PYTHONUNBUFFERED=1
Environment=OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
Restart=always
RestartSec=5
# It says every five seconds that it lives; one that stands still, or was stopped, is killed and started again.
WatchdogSec=180
WatchdogSignal=SIGKILL
NotifyAccess=main
RestartPreventExitStatus=64 78
# A worker finishes its jobs, a coordinator drains; a whole farm does one after the other.
KillMode=mixed
TimeoutStopSec=210
"""
_SYSTEM = """\
User=neonet-fleet
DynamicUser=yes
StateDirectory=neonet-fleet
StateDirectoryMode=0700
"""
_HARDENED = """\
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
"""
#: options that a user's own systemd may not set
_HARDENED_SYSTEM = """\
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
"""


def unit_name(part: Part) -> str:
    """The unit's file name."""
    return f"neonet-{part.value}.service"


def unit(part: Part, where: Installation) -> str:
    """The unit's text.

    Raises ServiceError for a path that systemd would misread.
    """
    for path in (where.command, where.state_dir, where.env_file):
        if any(letter.isspace() or letter in "%$\\\"';" for letter in path):
            raise ServiceError(f"{path!r} holds a blank or a character that is special to systemd: install elsewhere")
    text = _SERVICE.format(
        description=_DESCRIPTIONS[part],
        command=where.command,
        part=part.value,
        reload=f"ExecReload={where.command} reload\n" if part in {Part.UP, Part.COORDINATOR} else "",
        env_file=where.env_file,
        state_dir=where.state_dir,
    )
    if where.system:
        home = "read-only" if where.in_home else "yes"
        text += _SYSTEM + _HARDENED + _HARDENED_SYSTEM.format(home=home)
    else:
        text += _HARDENED
    return f"{text}\n[Install]\nWantedBy={'multi-user.target' if where.system else 'default.target'}\n"
