"""Tests for `tasks.host.container`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.host.container import in_container


@pytest.mark.parametrize(
    ("file", "text", "contained"),
    [
        (".dockerenv", "", True),
        ("run/.containerenv", "", True),
        ("proc/mounts", "overlay / overlay rw,lowerdir=/a 0 0\n", True),
        ("proc/mounts", "/dev/sda1 / ext4 rw 0 0\noverlay /var/lib/docker/a overlay rw 0 0\n", False),
    ],
)
def test_a_container_is_known_by_its_files_or_by_its_root_of_layers(
    tmp_path: Path, file: str, text: str, contained: bool
) -> None:
    assert not in_container(tmp_path)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    assert in_container(tmp_path) is contained
