"""Devices that share the rows of a batch: one or many, in one process or in several.

Rows of a batch are spread over a mesh of one axis; parameters are on every device. A program that
is compiled by plain ``jax.jit`` then adds up over all devices by itself. The same code runs on one
CPU, on several GPUs, and on several hosts (``start_hosts``); see docs/devices.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from scrl.types import InputError

AXIS = "raters"


@dataclass(frozen=True, eq=False)
class DeviceMesh:
    """Devices in one row.

    Attributes:
        mesh: of one axis, ``AXIS``.
    """

    mesh: Mesh

    @classmethod
    def of(cls, devices: Sequence[jax.Device] | int | None = None) -> DeviceMesh:
        """A mesh of these devices, of the first so many, or of all devices of all processes.

        Raises:
            InputError: where there are fewer devices.
        """
        found = jax.devices()
        if isinstance(devices, str | bytes | bool | float):
            raise InputError(f"devices is {devices!r}; give a number of them, or a list.")
        if isinstance(devices, int):
            if not 1 <= devices <= len(found):
                raise InputError(f"There are {len(found)} devices; {devices} were asked for.")
            devices = found[:devices]
        chosen = list(found if devices is None else devices)
        # Auto: the compiler spreads what follows, and adds up where rows meet.
        auto = (AxisType.Auto,)
        return cls(jax.make_mesh((len(chosen),), (AXIS,), axis_types=auto, devices=chosen))

    @property
    def size(self) -> int:
        """The number of devices, of all processes."""
        return self.mesh.size

    @cached_property
    def _positions(self) -> list[int]:
        """Which devices of the mesh are this process's."""
        own = jax.process_index()
        return [i for i, d in enumerate(self.mesh.devices.flat) if d.process_index == own]

    def own_rows(self, rows: int) -> slice:
        """This process's part of a batch of ``rows`` rows, a multiple of ``size``."""
        each = rows // self.size
        return slice(self._positions[0] * each, (self._positions[-1] + 1) * each)

    def spread(self, tree: Any) -> Any:
        """Arrays with the rows of this process (``own_rows``) as arrays with all rows, spread over
        the devices."""
        sharding = NamedSharding(self.mesh, PartitionSpec(AXIS))
        return jax.tree.map(
            lambda x: jax.make_array_from_process_local_data(sharding, np.asarray(x)), tree
        )

    def everywhere(self, tree: Any) -> Any:
        """Equal arrays of every process as arrays that each device holds whole."""
        sharding = NamedSharding(self.mesh, PartitionSpec())
        return jax.tree.map(
            lambda x: jax.make_array_from_process_local_data(sharding, np.asarray(x)), tree
        )

    def gathered(self, tree: Any) -> Any:
        """Arrays of all devices as NumPy arrays with all rows, on every process."""
        if jax.process_count() == 1:
            return jax.tree.map(np.asarray, tree)
        from jax.experimental import multihost_utils

        return jax.tree.map(np.asarray, multihost_utils.process_allgather(tree, tiled=True))

    def whole(self, tree: Any) -> Any:
        """Arrays that each device holds whole as NumPy arrays; it waits for no other process."""

        def one(x: jax.Array) -> np.ndarray:
            return np.asarray(x.addressable_data(0) if x.is_fully_replicated else self.gathered(x))

        return jax.tree.map(one, tree)

    def agreed(self, tree: Any) -> Any:
        """The first process's NumPy arrays, on every process."""
        if jax.process_count() == 1:
            return tree
        from jax.experimental import multihost_utils

        return jax.tree.map(np.asarray, multihost_utils.broadcast_one_to_all(tree))

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and reports."""
        return jax.process_index() == 0


def start_hosts(
    coordinator: str | None = None, processes: int | None = None, process: int | None = None
) -> None:
    """Join the processes of several hosts; call it before anything else uses JAX.

    On SLURM, Kubernetes (JobSet) and TPU pods the arguments are found by themselves. Processes on
    CPUs exchange sums by Gloo.

    Args:
        coordinator: address and port of the first process, ``"10.0.0.1:1234"``.
        processes: how many there are; process: which of them this is, from 0.

    Raises:
        InputError: where the processes do not meet.
    """
    given = [value is not None for value in (coordinator, processes, process)]
    if any(given) and not all(given):
        raise InputError("Give coordinator, processes and process together, or none of them.")
    try:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(coordinator, processes, process)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"The processes did not meet: {str(error).splitlines()[0]}") from error
