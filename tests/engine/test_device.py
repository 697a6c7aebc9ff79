"""Device and dtype are chosen from facts alone, and an impossible wish gets a kind answer."""

from __future__ import annotations

import pytest

from stickerstudio.core.errors import BadInputError
from stickerstudio.engine.device import Gpu, Machine, choose, model_dtype, probe, vae_dtype

GB = 10**9
CARD = Gpu("NVIDIA GeForce RTX 4060", 8 * GB, 7 * GB, bfloat16=True)
OLD_CARD = Gpu("NVIDIA GeForce GTX 1080", 8 * GB, 7 * GB, bfloat16=False)
PLAIN = Machine(cpu_cores=2, total_bytes=24 * GB, free_bytes=22 * GB)
WITH_CARD = Machine(8, 24 * GB, 22 * GB, gpu=CARD, cuda_build=True)
MAC = Machine(8, 16 * GB, 12 * GB, mps=True)
SDXL = 3_469_000_000  # parameters of all four modules


@pytest.mark.parametrize(
    ("machine", "expected", "dtype"),
    [(PLAIN, "cpu", "float32"), (WITH_CARD, "cuda", "float16"), (MAC, "mps", "float16")],
)
def test_auto_takes_the_fastest_and_says_why(machine: Machine, expected: str, dtype: str) -> None:
    device = choose("auto", machine)
    assert (device.type, device.dtype) == (expected, dtype)
    assert device.reason.endswith(".")
    assert device.reason != choose(device.type, machine).reason  # asked for is another reason


def test_names_are_what_people_know() -> None:
    assert choose("auto", WITH_CARD).name == "NVIDIA GeForce RTX 4060"
    assert choose("auto", PLAIN).name == "2 CPU cores"
    assert choose("auto", Machine(1, GB, GB)).name == "1 CPU core"


def test_the_users_choice_is_honoured() -> None:
    assert choose("cpu", WITH_CARD).type == "cpu"
    assert choose("cuda", WITH_CARD).type == "cuda"


def test_an_impossible_choice_is_refused_with_its_reason() -> None:
    with pytest.raises(BadInputError, match="built without CUDA"):
        choose("cuda", PLAIN)
    with pytest.raises(BadInputError, match="driver"):
        choose("cuda", Machine(2, GB, GB, cuda_build=True))
    with pytest.raises(BadInputError, match="Apple silicon"):
        choose("mps", WITH_CARD)


@pytest.mark.parametrize(
    ("machine", "file_dtype", "expected"),
    [
        (WITH_CARD, "float16", "float16"),
        (WITH_CARD, "bfloat16", "bfloat16"),
        (WITH_CARD, "float32", "float16"),
        (Machine(8, 24 * GB, 22 * GB, OLD_CARD, cuda_build=True), "bfloat16", "float16"),
        (MAC, "bfloat16", "float16"),
        (PLAIN, "bfloat16", "bfloat16"),  # 14 GB of 24: too much
        (PLAIN, "float32", "float32"),  # nothing smaller to keep
        (Machine(8, 64 * GB, GB), "bfloat16", "float32"),  # whatever else is running
    ],
)
def test_dtype_of_a_true_size_model(machine: Machine, file_dtype: str, expected: str) -> None:
    assert model_dtype(choose("auto", machine), machine, file_dtype, SDXL) == expected


def test_a_small_model_is_float32_on_a_small_computer() -> None:
    machine = Machine(2, 2 * GB, GB)
    assert model_dtype(choose("auto", machine), machine, "float16", 14_000_000) == "float32"


def test_only_a_vae_that_overflows_is_kept_in_float32() -> None:
    assert vae_dtype("float16", force_upcast=True) == "float32"
    assert vae_dtype("float16", force_upcast=False) == "float16"
    assert vae_dtype("bfloat16", force_upcast=True) == "bfloat16"


def test_this_machine_can_be_chosen_for() -> None:
    machine = probe()
    assert machine.cpu_cores >= 1
    assert 0 < machine.free_bytes <= machine.total_bytes
    assert choose("cpu", machine).type == "cpu"
    assert choose("auto", machine).name
