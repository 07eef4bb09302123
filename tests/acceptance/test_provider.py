"""`register_provider = true`: the server is told once what the hosts have, and whatever it answers changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.host.hardware import detect
from tests.support.farms import asked, book, earned, farm, figures, simulator
from tests.support.processes import eventually, stop

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    ("options", "answered"),
    [
        (("--dialect", "c"), f"'cpu_cores': {detect().cpu_cores}, 'gpu_memory_mb': "),
        (("--dialect", "b"), "the server answered Not Found"),
        (("--dialect", "c", "--fault", "html,endpoints=register-provider"), "the server answered "),
    ],
    ids=["answered", "without the call", "a page"],
)
def test_the_hosts_are_described_once_and_the_farm_mines_as_ever(
    tmp_path: Path, options: tuple[str, ...], answered: str
) -> None:
    folder, settings = tmp_path / "farm", {"FLEET_REGISTER_PROVIDER": "true"}
    with simulator(tmp_path / "simulator", *options) as (_, url):
        with farm(folder, "--server", url, "--miners", "2", "--json", settings=settings) as process:
            process.says("described the hosts to register-provider, ")
            before = asked(url, "/simulator/requests")["accepted"]
            eventually("more jobs", lambda: asked(url, "/simulator/requests")["accepted"] >= before + 20)
            assert stop(process) == 0, process.words()
        assert answered in process.out + process.err
        requests = asked(url, "/simulator/requests")["requests"]
        assert requests.get("register-provider", 0) + requests.get("unknown", 0) == 1
        assert figures(process)["rewards"]["difference_nnet"] == 0
        assert earned(folder, url) == book(url)
