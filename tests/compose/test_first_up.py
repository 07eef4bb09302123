"""The first `docker compose up` of a fresh clone: the farm's image is built here, and no registry is asked for it."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import replace
from pathlib import Path

from tests.support.compose import Farm, clean_copy


def test_an_image_that_is_missing_is_built_and_no_registry_is_asked_for_it(farm: Farm, tmp_path: Path) -> None:
    folder = clean_copy(tmp_path / "clone")
    image = f"neonet-fleet-first-up:{secrets.token_hex(4)}"
    compose = folder / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("image: neonet-fleet:0.1.0", f"image: {image}"))
    first = replace(farm, folder=folder, project=f"{farm.project}-first")
    try:
        done = first.compose("up", "--no-start", "setup")
        assert image in first.compose("images", "setup", "--format", "json").stdout.replace('","Tag":"', ":")
        assert "pull" not in (done.stdout + done.stderr).lower()
    finally:
        first.compose("down", "--volumes", check=False)
        subprocess.run(["docker", "rmi", "--force", image], check=False, capture_output=True)
