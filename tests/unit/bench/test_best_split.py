"""The best division of a mix of jobs between two groups of hosts."""

from __future__ import annotations

from itertools import product

import pytest

from bench.best_split import Group, best_rate, shared_rate

MIX = {"dense": 0.5, "light": 0.3, "small": 0.2}
NEW = Group(cores=0.5, costs={"dense": 3.0, "light": 1.0, "small": 0.5})
OLD = Group(cores=0.5, costs={"dense": 12.0, "light": 1.0, "small": 0.75})


def test_alike_hosts_gain_nothing() -> None:
    assert best_rate(MIX, NEW, NEW) == pytest.approx(shared_rate(MIX, NEW, NEW))


def test_a_group_without_an_advantage_at_anything_computes_too() -> None:
    slow = Group(cores=0.5, costs={name: 2 * cost for name, cost in NEW.costs.items()})
    assert best_rate(MIX, NEW, slow) == pytest.approx(shared_rate(MIX, NEW, slow))


@pytest.mark.parametrize("old", [OLD, Group(cores=0.1, costs=OLD.costs), Group(cores=3.0, costs=OLD.costs)])
def test_no_other_division_is_better(old: Group) -> None:
    best = best_rate(MIX, NEW, old)
    assert best >= shared_rate(MIX, NEW, old)
    shares = [number / 20 for number in range(21)]
    for parts in product(shares, repeat=len(MIX)):
        new = {name: jobs * part for (name, jobs), part in zip(MIX.items(), parts, strict=True)}
        rest = {name: jobs - new[name] for name, jobs in MIX.items()}
        assert best >= (1 - 1e-9) / max(NEW.seconds(new), old.seconds(rest))
