"""Which file system a folder lies on, by the kernel's own table of mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.ledger.storage.mounts import kind_of, networked

TABLE = r"""22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /srv/nas rw,relatime shared:1 - nfs4 10.0.0.9:/volume1 rw,vers=4.2
31 22 0:41 / /srv/with\040blank rw,relatime - cifs //10.0.0.9/share rw
32 30 8:17 / /srv/nas/local rw,relatime - xfs /dev/sdb1 rw
33 22 0:44 / /mnt/keys rw - fuse.sshfs me@host: rw
34 22 0:50 / /srv/twice rw - ext4 /dev/sdc1 rw
35 22 0:51 / /srv/twice rw - nfs 10.0.0.9:/old rw
a line of another form
""".splitlines()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/home/me", "ext4"),
        ("/srv/nas", "nfs4"),
        ("/srv/nas/farm", "nfs4"),
        ("/srv/nas/local/farm", "xfs"),
        ("/srv/nasty", "ext4"),
        ("/srv/with blank/farm", "cifs"),
        ("/mnt/keys", "fuse.sshfs"),
        ("/srv/twice", "nfs"),
    ],
)
def test_the_innermost_and_latest_mount_counts(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), TABLE) == kind


def test_an_empty_table_tells_nothing() -> None:
    assert kind_of(Path("/"), []) == ""


def test_a_network_is_named(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:40 / {tmp_path} rw - nfs4 10.0.0.9:/volume1 rw\n")
    assert networked(tmp_path / "state", table) == "NFS"
    assert networked(Path("/etc"), table) is None
    assert networked(tmp_path, tmp_path / "no such table") is None


def test_this_machine_keeps_its_temporary_files_on_a_disk_of_its_own(tmp_path: Path) -> None:
    assert networked(tmp_path) is None
