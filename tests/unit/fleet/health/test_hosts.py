"""A host is unwell if it ends fewer jobs than its share, fails, slows down, or computes with other kernels."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from fleet.health.hosts import HostWatch
from fleet.health.symptom import Symptom
from fleet.status.fresh import FreshAttempts
from tests.support.fresh import payments

#: jobs a second by host
EQUAL = {"barn": 4.0, "shed": 4.0}


class Hosts:
    """Hosts that end jobs at random moments."""

    def __init__(self) -> None:
        self.health = HostWatch("3")
        self.now = 0.0
        self._random = random.Random(1)

    def work(
        self,
        seconds: int,
        rates: Mapping[str, float] = EQUAL,
        *,
        computed: Callable[[str], bool] = lambda _: True,
        kernel_ms: Mapping[str, float] | None = None,
        version: str = "3",
        drop: float | None = 50.0,
        online: tuple[str, ...] | None = tuple(EQUAL),
        idle: bool = False,
        paused: tuple[str, ...] = (),
    ) -> list[Symptom]:
        """Work, and return the symptoms at the end."""
        found: list[Symptom] = []
        for _ in range(seconds):
            self.now += 1.0
            for name, rate in rates.items():
                for _ in range(int(rate) + (self._random.random() < rate % 1)):
                    ms = (kernel_ms or {}).get(name, 40.0) * self._random.uniform(0.2, 1.8)
                    good = computed(name)
                    attempts = FreshAttempts(
                        self.now,
                        self.now,
                        kernel_ms=[ms] if good else [],
                        failed=int(not good),
                        kernel_version=version if good else "",
                    )
                    self.health.ended(name, "inference", attempts)
                    if good:
                        self.health.paid(name, payments("0.001", self.now))
            found = [*self.health.look(drop, self.now, online=online, idle=idle, paused=paused)]
        return found

    def first(self, most_s: int, rates: Mapping[str, float]) -> int:
        """Seconds until the first symptom."""
        for second in range(most_s):
            if self.work(1, rates):
                return second + 1
        raise AssertionError(f"no symptom in {most_s} s")


def test_a_host_that_falls_silent_while_others_go_on_is_known_within_a_minute() -> None:
    hosts = Hosts()
    assert not hosts.work(120)
    assert hosts.first(60, {"barn": 8.0}) <= 60
    (one,) = hosts.work(50, {"barn": 8.0})
    assert (one.kind, one.subject) == ("deaf_worker", "host shed")
    assert one.text == "Host shed is online, but computes no jobs, while other hosts do."
    assert one.nnet_per_day == 50.0, "no more than the farm lost"
    assert not hosts.work(2), "it works again"


def test_a_host_whose_worker_gives_no_sign_of_life_is_known_sooner_and_as_such() -> None:
    hosts = Hosts()
    hosts.work(120)
    (one,) = hosts.work(12, {"barn": 8.0}, online=("barn",))
    assert one.text == "Host shed gives no sign of life and computes no jobs, while other hosts do."
    assert not hosts.work(2)


def test_a_deaf_host_whose_signs_have_just_ended_is_not_called_online() -> None:
    hosts = Hosts()
    hosts.work(120)
    assert not hosts.work(12, {"barn": 8.0})
    (one,) = hosts.work(5, {"barn": 8.0}, online=("barn",))
    assert one.text == "Host shed gives no sign of life and computes no jobs, while other hosts do."


def test_hosts_that_all_fall_silent_are_not_blamed_one_by_one() -> None:
    hosts = Hosts()
    hosts.work(120)
    assert not hosts.work(300, {}, online=())


def test_after_a_stop_of_the_farm_each_host_gets_its_time() -> None:
    hosts = Hosts()
    hosts.work(120)
    assert not hosts.work(300, {}, idle=True)
    assert not hosts.work(10, {"barn": 8.0})
    assert not hosts.work(60)


def test_a_host_of_few_jobs_is_not_deaf_between_two_of_them() -> None:
    hosts = Hosts()
    for _ in range(20):
        assert not hosts.work(60, {"barn": 8.0, "pi": 0.05}, online=("barn", "pi"))


def test_a_silent_host_counts_as_removed_after_a_day() -> None:
    hosts = Hosts()
    hosts.work(120)
    assert hosts.work(60, {"barn": 8.0})
    hosts.now += 86_400.0
    assert not hosts.work(60, {"barn": 8.0})


def test_a_host_that_fails_its_jobs_says_so() -> None:
    hosts = Hosts()
    hosts.work(60)
    found = hosts.work(60, computed=lambda name: name != "shed")
    assert [(one.kind, one.subject) for one in found] == [("host_failing", "host shed")]
    assert not hosts.work(60)


def test_a_host_that_takes_twice_as_long_is_slower_until_it_does_not() -> None:
    hosts = Hosts()
    assert not hosts.work(300)
    found = hosts.work(120, kernel_ms={"shed": 80.0})
    assert [(one.kind, one.subject) for one in found] == [("slower_host", "host shed")]
    assert found[0].nnet_per_day == 50.0
    assert hosts.work(600, kernel_ms={"shed": 80.0}), "what is slower does not become usual"
    assert not hosts.work(120)


def test_one_job_that_hung_does_not_make_a_host_slower_though_many_ended_in_the_same_second() -> None:
    health = HostWatch("3")
    for second in range(300):
        health.ended("shed", "inference", FreshAttempts(second, second + 0.9, [2.0] * 20, kernel_version="3"))
        health.look(None, second + 1.0, online=None, idle=False)
    health.ended("shed", "inference", FreshAttempts(301.0, 301.9, [2.0] * 39 + [9_000.0], kernel_version="3"))
    assert not [*health.look(None, 302.0, online=None, idle=False)]


def test_kernels_of_another_release_are_named() -> None:
    hosts = Hosts()
    found = hosts.work(5, {"old": 4.0}, version="2")
    assert [one.kind for one in found] == ["old_release"]
    assert "version 2, this release has 3" in found[0].text


def test_a_gpu_is_not_another_release() -> None:
    assert not Hosts().work(5, {"fast": 4.0}, version="3+cuda")
    assert [one.kind for one in Hosts().work(5, {"old": 4.0}, version="2+cuda")] == ["old_release"]


def test_invented_names_are_bounded() -> None:
    health = HostWatch("3")
    for number in range(1_000):
        health.ended(f"h{number}", f"t{number}", FreshAttempts(1.0, 1.0, kernel_ms=[1.0], kernel_version="2"))
    assert len([*health.look(None, 1.0, online=None, idle=False)]) == 256


def test_a_host_is_not_deaf_while_it_is_paused_nor_just_after() -> None:
    hosts = Hosts()
    hosts.work(120)
    for online in (("barn", "shed"), ("barn",)):
        assert not hosts.work(300, {"barn": 8.0}, online=online, paused=("host shed",))
    assert not hosts.work(5, {"barn": 8.0}), "it has to be given jobs first"
    assert not hosts.work(60)
    assert hosts.first(90, {"barn": 8.0}), "deaf after all"


def test_all_hosts_are_paused_only_if_each_that_is_known_or_online_is() -> None:
    hosts = Hosts()
    assert not hosts.health.all_paused((), ())
    hosts.work(30, {"barn": 4.0})
    assert not hosts.health.all_paused(("host shed",), ())
    assert not hosts.health.all_paused(("host barn",), ("shed",))
    assert hosts.health.all_paused(("host barn", "host shed"), ("shed",))
