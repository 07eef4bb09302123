"""Settings from every source at once: which one wins, where a value came from, and what is said of a wrong one.

One file: all tests look for what the same few readers say.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from config.errors import ConfigError
from config.load import DEFAULT, Origin, load, read
from config.tree import leaves
from fleet.commands.config import config
from fleet.commands.exits import EX_CONFIG

pytestmark = pytest.mark.usefixtures("empty_folder")

SECRET = "hunter2-hunter2"


def origin(name: str, origins: tuple[Origin, ...]) -> Origin:
    return next(one for one in origins if one.name == name)


def problems(**environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environ=environ)
    return str(caught.value)


def test_the_strongest_source_wins_and_is_named(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_CPU", "2")
    (empty_folder / ".env").write_text("FLEET_CPU=3\nFLEET_GPU_MEM=3\nOTHER=x\n")
    (empty_folder / "secrets" / "fleet_gpu_mem").write_text("4\n")
    (empty_folder / "secrets" / "FLEET_GPU_MODEL").write_text("secret\n")
    (empty_folder / "secrets" / "unrelated").write_text("x")
    (empty_folder / "fleet.toml").write_text('cpu = 5\ngpu_mem = 5\ngpu_model = "toml"\nminers = 5\ndrain_s = 5\n')
    reading = read({"drain_s": 1, "miners": None})
    found = {one.name: (one.value, one.source) for one in reading.origins if one.source != DEFAULT}
    assert found == {
        "cpu": (2, "environment"),
        "gpu_mem": (3, ".env"),
        "gpu_model": ("secret", str(empty_folder / "secrets")),
        "miners": (5, "fleet.toml"),
        "drain_s": (1.0, "command line"),
    }
    assert reading.settings.cpu == 2
    assert len(reading.origins) == len(list(leaves(type(reading.settings))))


def test_sections_are_merged_value_by_value(empty_folder: Path) -> None:
    (empty_folder / "fleet.toml").write_text("[worker]\nconcurrency = 2\nprefetch = 3\n")
    environ = {"FLEET_WORKER": '{"prefetch": 4}', "FLEET_WORKER__NAME": "garage"}
    worker = load({"worker.max_tasks_per_child": 9, "worker": {"events": False}}, environ=environ).worker
    given = (worker.concurrency, worker.prefetch, worker.name, worker.max_tasks_per_child, worker.events)
    assert given == (2, 4, "garage", 9, False)


def test_an_empty_variable_is_not_given() -> None:
    assert load(environ={"FLEET_SERVER": "", "FLEET_WORKER__NAME": ""}).simulated


def test_miners_can_be_tables_or_json(empty_folder: Path) -> None:
    (empty_folder / "fleet.toml").write_text('[[miner]]\nid = "a"\ntags = ["x"]\n[[miner]]\nid = "b"\ncpu_cores = 8\n')
    assert [(miner.id, miner.cpu_cores, miner.tags) for miner in load().miner] == [("a", None, ("x",)), ("b", 8, ())]
    assert [miner.id for miner in load(environ={"FLEET_MINER": '[{"id": "c"}]'}).miner] == ["c"]


def test_the_file_is_the_argument_else_what_fleet_config_names(empty_folder: Path) -> None:
    for name, cpu in (("one.toml", 1), ("two.toml", 2), ("fleet.toml", 3)):
        (empty_folder / name).write_text(f"cpu = {cpu}\n")
    environ = {"FLEET_CONFIG": "two.toml"}
    assert load(toml_file=Path("one.toml"), environ=environ).cpu == 1
    assert load(environ=environ).cpu == 2
    assert load(environ={}).cpu == 3


def test_a_file_that_is_named_has_to_be_there() -> None:
    assert problems(FLEET_CONFIG="nowhere.toml") == "nowhere.toml (file): can't be read: No such file or directory"
    assert "nowhere" in problems(FLEET_SECRETS_DIR="nowhere")
    with pytest.raises(ConfigError, match=r"nowhere\.env"):
        load(env_file=Path("nowhere.env"))


@pytest.mark.parametrize(
    "content",
    [
        b"cpu = ",
        b"\xff\xfe",
        b"[http\n",
        b"cpu = 1\ncpu = 2\n",
        b"cpu = " + b"[" * 100_000,
        b"http = " + b"{a = " * 100_000,
        b"cpu = " + b"9" * 10_000,
    ],
    ids=range(7),
)
def test_a_file_that_is_no_toml_is_one_clear_error(empty_folder: Path, content: bytes) -> None:
    (empty_folder / "fleet.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"^fleet\.toml \(file\): "):
        load()


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="so it is no file of settings"):
        load(toml_file=Path("/dev/zero"))


def test_the_mark_that_windows_puts_before_a_text_is_no_part_of_it(empty_folder: Path) -> None:
    (empty_folder / "fleet.toml").write_bytes(b"\xef\xbb\xbfcpu = 1\r\n")
    (empty_folder / ".env").write_bytes(b"\xef\xbb\xbfFLEET_GPU_MEM=3\r\n")
    settings = load()
    assert (settings.cpu, settings.gpu_mem) == (1, 3)


def test_a_dollar_in_an_env_file_is_a_dollar_where_compose_takes_it_for_one(empty_folder: Path) -> None:
    (empty_folder / ".env").write_text("FLEET_GPU_MODEL='a${HOME}$b'\n")
    assert load().gpu_model == "a${HOME}$b"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("FLEET_SEVER", "FLEET_SERVER"),
        ("FLEET_HTTP_CONNECTIONS", "FLEET_HTTP__CONNECTIONS"),
        ("FLEET_HTTP__CONECTIONS", "FLEET_HTTP__CONNECTIONS"),
        ("fleet_http__conections", "FLEET_HTTP__CONNECTIONS"),
        ("FLEET_SERVER__URL", "FLEET_SERVER"),
    ],
)
def test_a_mistyped_variable_is_an_error_that_suggests_the_right_one(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    (empty_folder / ".env").write_text(f"{name}={SECRET}\n")
    (empty_folder / "secrets" / name).write_text(SECRET)
    with pytest.raises(ConfigError) as caught:
        load()
    assert [problem.source for problem in caught.value.problems] == ["environment", ".env", f"{empty_folder}/secrets"]
    assert all(problem.name == name and problem.advice == f"did you mean {meant}?" for problem in caught.value.problems)
    assert SECRET not in str(caught.value)


def test_a_mistyped_key_is_an_error_that_suggests_the_right_one(empty_folder: Path) -> None:
    (empty_folder / "fleet.toml").write_text('sever = "x"\n[htp]\nconnections = 1\n[[miner]]\nid = "a"\ncpu_core = 1\n')
    with pytest.raises(ConfigError) as caught:
        load({"http": {"conections": 1}}, environ={"FLEET_WORKER": '{"concurency": 1}'})
    assert {(problem.name, problem.advice) for problem in caught.value.problems} == {
        ("http.conections", "did you mean http.connections?"),
        ("FLEET_WORKER__CONCURENCY", "did you mean FLEET_WORKER__CONCURRENCY?"),
        ("sever", "did you mean server?"),
        ("htp", "did you mean http?"),
        ("miner.0.cpu_core", "did you mean miner.0.cpu_cores?"),
    }


def test_every_problem_is_said_at_once_with_value_bound_and_meaning() -> None:
    said = problems(FLEET_HTTP__CONNECTIONS="0", FLEET_HEARTBEAT_S="5", FLEET_SERVER="neonet").splitlines()
    assert len(said) == 3
    assert (
        "FLEET_HEARTBEAT_S = '5' (environment): must be greater than or equal to 30; this setting is: Seconds"
        in said[1]
    )


def test_contradictions_are_said_in_the_words_of_the_source() -> None:
    said = problems(FLEET_WORKER__TIME_LIMIT_S="100", FLEET_SERVER="http://neonet.lan").splitlines()
    assert said[0].startswith("FLEET_SERVER = 'http://neonet.lan' (environment): plain http to neonet.lan")
    assert said[0].endswith("FLEET_ALLOW_PLAIN_HTTP=neonet.lan")
    assert said[1].startswith("visibility_timeout_s (default): must be at least 3 × worker.time_limit_s, 300 s")


def test_no_secret_is_in_an_error_or_its_chain() -> None:
    environ = {
        "FLEET_REDIS_URL": f"gopher://:{SECRET}@host",
        "FLEET_LEDGER_URL": f"mysql://u:{SECRET}@host/db",
        "FLEET_FLOWER__BASIC_AUTH": SECRET,
        "FLEET_SERVER": f"https://user:{SECRET}@host",
    }
    with pytest.raises(ConfigError) as caught:
        load(environ=environ)
    assert len(caught.value.problems) == 4
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.__cause__)
    assert SECRET not in problems(FLEET_FLOWER=f'{{"basic_auth": "{SECRET}"')


def test_a_name_of_other_characters_is_refused_with_those_that_it_may_have() -> None:
    found = problems(FLEET_MINER='[{"id": "my_miner_001", "name": "Ünï"}]')
    assert "'Ünï' (environment): must be 1 to 40 letters from A to Z, digits, '.', '_' and '-'" in found


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_json_that_is_broken_or_nested_without_end_is_named(text: str) -> None:
    assert "FLEET_MINER (environment): must be JSON" in problems(FLEET_MINER=text)


def test_a_section_that_is_no_json_is_named() -> None:
    assert problems(FLEET_HTTP="fast").startswith("FLEET_HTTP (environment): must be JSON")
    assert problems(FLEET_HTTP="5").startswith("FLEET_HTTP")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('server = "https://neonet.example.com"\n\n[http]\nconections = 8\n', 4),
        ('server = "https://neonet.example.com"\n\n[http]\nconnections = 0\n', 4),
        ('[[miner]]\nid = "neo1a"\n\n[[miner]]\nid = "neo1b"\ncpu_cores = 0\n', 6),
        ('[[miner]]\nid = "neo1a"\n\n[[miner]]\nid = "neo1b"\ncpu_core = 2\n', 6),
        ("cpu = 2\n[http\n", 2),
        ("[backoff]\nfloor_s = 9\ncap_s = 8\n", 2),
    ],
)
def test_a_checked_file_is_refused_with_the_line_of_the_mistake(empty_folder: Path, text: str, line: int) -> None:
    file = empty_folder / "farm.toml"
    file.write_text(text)
    done = CliRunner().invoke(config, ["check", str(file)])
    assert done.exit_code == EX_CONFIG
    assert f"line {line}" in done.output
    assert str(file) in done.output


def test_a_sound_file_is_called_valid_with_the_farm_that_it_describes(empty_folder: Path) -> None:
    file = empty_folder / "farm.toml"
    file.write_text('server = "https://neonet.example.com"\nminers = 3\n')
    done = CliRunner().invoke(config, ["check", str(file)])
    assert done.exit_code == 0
    assert done.output == f"{file}: valid; 3 miners at https://neonet.example.com\n"
