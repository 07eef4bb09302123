"""Which jobs go to a GPU: those at least as large as one at which it was measured to be quicker, and no others."""

from __future__ import annotations

import pytest

from tasks.compute.catalog import DENSE
from tasks.compute.gpu_choice import MARGIN, SIZES, DeviceSpeeds, GpuChoice, Size, choose
from tasks.errors import PayloadError


def speeds(size: Size, gpu_per_s: float, job_type: str = "matrix_ops") -> DeviceSpeeds:
    return DeviceSpeeds(job_type=job_type, size=size, cpu_per_s=100.0, gpu_per_s=gpu_per_s)


def test_every_dense_kernel_has_a_size_in_fields_of_its_data() -> None:
    assert set(SIZES) == set(DENSE)


@pytest.mark.parametrize(
    ("measured", "chosen"),
    [
        ([], ()),
        ([((256, 3), 50), ((512, 3), 90)], ()),
        ([((256, 3), 50), ((512, 3), 200), ((1024, 3), 900)], ((512, 3),)),
        ([((1024, 3), 900), ((512, 3), 200)], ((512, 3),)),
        ([((256, 3), 200), ((512, 3), 50), ((1024, 3), 900)], ((1024, 3),)),
        ([((256, 9), 200), ((512, 3), 200)], ((256, 9), (512, 3))),
        ([((512, 3), 100 * MARGIN)], ()),
    ],
)
def test_a_size_counts_from_which_on_the_gpu_was_always_quicker(
    measured: list[tuple[Size, float]], chosen: tuple[Size, ...]
) -> None:
    assert choose([speeds(size, per_s) for size, per_s in measured]).quicker.get("matrix_ops", ()) == chosen


@pytest.mark.parametrize(
    ("data", "taken"),
    [
        ({"matrix_size": 512, "operations": 3}, True),
        ({"matrix_size": 4096, "operations": 1}, False),
        ({"matrix_size": 600, "operations": 8}, True),
        ({"matrix_size": 511, "operations": 300}, False),
        ({}, False),
    ],
)
def test_a_job_goes_there_if_it_is_as_large_in_each_dimension(data: dict[str, object], taken: bool) -> None:
    choice = GpuChoice(quicker={"matrix_ops": ((512, 3),)})
    assert choice.takes("matrix_ops", data) is taken
    assert not choice.takes("matrix_multiply", {"size": 4000})
    assert not choice.takes("inference", {})
    assert not GpuChoice(quicker={}).takes("matrix_ops", data)


def test_absurd_data_is_refused_as_a_kernel_does() -> None:
    with pytest.raises(PayloadError, match="matrix_size"):
        GpuChoice(quicker={"matrix_ops": ((512, 3),)}).takes("matrix_ops", {"matrix_size": 10**9})


def test_a_choice_can_be_read() -> None:
    measured = [speeds((512, 3), 200.0), speeds((1024,), 300.0, "matrix_multiply")]
    assert str(choose(measured)) == "matrix_ops from 512×3, matrix_multiply from 1024"
