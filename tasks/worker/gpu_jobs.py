"""Computes jobs: on a GPU those for which this host measured it to be quicker, and on the processor all others."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from billiard.exceptions import SoftTimeLimitExceeded

from tasks.compute import catalog
from tasks.compute.gpu_choice import GpuChoice
from tasks.compute.kernels.device import Device
from tasks.compute.kernels.gpu import open_gpu
from tasks.kinds import ON_GPU
from tasks.worker.gpu_desk import GpuDesk

_log = logging.getLogger(__name__)


class GpuJobs:
    """The GPU of this process, if its worker has one. Trouble with it never costs a job: the processor computes it."""

    def __init__(self) -> None:
        self._choice: GpuChoice | None = None
        self._desk: GpuDesk | None = None
        self._place: int | None = None
        self._gpu: Device | None = None

    def use(self, choice: GpuChoice, desk: GpuDesk) -> None:
        """From now on, send the jobs of this choice to a GPU. To be called before the pool forks, which opens none."""
        self._choice, self._desk = choice, desk

    def compute(self, job_type: str, data: Mapping[str, object], *, job_id: str) -> tuple[dict[str, object], str]:
        """The result of a job as `catalog.compute` gives it, and the kernel version that it states.

        Raises as `catalog.compute` does, and SoftTimeLimitExceeded.
        """
        if self._choice is not None and self._desk is not None and self._choice.takes(job_type, data):
            result = self._on_gpu(self._desk, job_type, data, job_id)
            if result is not None:
                return result, catalog.KERNEL_VERSION + ON_GPU
        return catalog.compute(job_type, data, job_id=job_id), catalog.KERNEL_VERSION

    def _on_gpu(
        self, desk: GpuDesk, job_type: str, data: Mapping[str, object], job_id: str
    ) -> dict[str, object] | None:
        """The GPU's result; None if it rests, has no place for this process, or fails."""
        if desk.rests() or not self._has_place(desk):
            return None
        assert self._place is not None  # noqa: S101 - this process has one
        try:
            with desk.at_work(self._place):
                self._gpu = self._gpu or open_gpu(desk.gpus[self._place])
                result = catalog.compute_on(self._gpu, job_type, data, job_id=job_id)
        except SoftTimeLimitExceeded:
            _trouble(desk, f"a {job_type} job did not end there within the soft time limit")
            raise
        except Exception as exc:  # noqa: BLE001 - whatever a GPU's library raises, the processor computes the job
            _trouble(desk, f"{job_type}: {type(exc).__name__}: {exc}")
            return None
        desk.fared_well()
        return result

    def _has_place(self, desk: GpuDesk) -> bool:
        """Whether this process has a place, a new one if need be."""
        if self._place is None:
            self._place = desk.take()
            if self._place is not None and desk.died_at(self._place):
                _trouble(desk, "a process ended while it computed there")
                return False
        return self._place is not None


def _trouble(desk: GpuDesk, what: str) -> None:
    rest_s = desk.trouble()
    if rest_s is not None:
        _log.warning("the GPU failed, and the processor computes its jobs for %g s: %.300s", rest_s, what)


#: this process's
gpu_jobs = GpuJobs()
