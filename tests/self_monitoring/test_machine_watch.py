"""What is left of the disk and of the memory is read from the system; what cannot be read worries nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.store_memory import MIB
from gateway.self_monitoring import machine_watch
from gateway.self_monitoring.machine_watch import MachineWatch, Room


def watch(*, disk: Room | None = None, memory: Room | None = None) -> MachineWatch:
    return MachineWatch(None, disk, memory)


@pytest.mark.parametrize(
    ("free", "whole", "low", "full"),
    [
        (600 * MIB, 8_000 * MIB, True, False),
        (900 * MIB, 8_000 * MIB, False, False),
        (900 * MIB, 500_000 * MIB, True, False),
        (1_100 * MIB, 500_000 * MIB, False, False),
        (8 * MIB, 8_000 * MIB, True, True),
    ],
)
def test_a_disk_is_low_below_a_tenth_and_a_gibibyte_and_full_when_no_file_can_grow(
    free: int, whole: int, *, low: bool, full: bool
) -> None:
    found = watch(disk=Room(free, whole))
    assert (found.disk_is_low, found.disk_is_full) == (low, full)
    assert any("GATEWAY_DATA_DIR" in worry for worry in found.worries()) is low


@pytest.mark.parametrize(("free", "low", "out"), [(50, False, False), (9, True, False), (1, True, True)])
def test_memory_is_low_from_nine_tenths_and_out_before_the_kernel_ends_the_process(
    free: int, *, low: bool, out: bool
) -> None:
    found = watch(memory=Room(free * MIB, 100 * MIB))
    assert (found.memory_is_low, found.memory_is_out) == (low, out)
    assert (f"{free} of 100 MiB of memory are left" in "".join(found.worries())) is low


def test_the_room_of_the_disk_is_that_of_the_data_directory(tmp_path: Path) -> None:
    found = MachineWatch(tmp_path)
    found.look()
    assert found.disk is not None
    assert 0 < found.disk.free <= found.disk.whole
    gone = MachineWatch(tmp_path / "not-there")
    gone.look()
    assert gone.disk is None
    assert not gone.disk_is_low


def test_a_container_may_use_what_its_cgroup_says_beside_cached_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(f"{100 * MIB}\n")
    (tmp_path / "memory.current").write_text(f"{95 * MIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon {35 * MIB}\ninactive_file {60 * MIB}\n")
    monkeypatch.setattr(
        machine_watch, "CGROUPS", ((tmp_path, "memory.max", "memory.current", "inactive_file"),)
    )
    found = watch()
    found.look()
    assert found.memory == Room(65 * MIB, 100 * MIB)


def test_without_a_limit_the_memory_is_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1\n")
    (tmp_path / "meminfo").write_text("MemTotal:       2048 kB\nMemAvailable:   1024 kB\n")
    monkeypatch.setattr(
        machine_watch, "CGROUPS", ((tmp_path, "memory.max", "memory.current", "inactive_file"),)
    )
    monkeypatch.setattr(machine_watch, "MEMINFO", tmp_path / "meminfo")
    found = watch()
    found.look()
    assert found.memory == Room(MIB, 2 * MIB)
    (tmp_path / "meminfo").unlink()
    found.look()
    assert found.memory is None
