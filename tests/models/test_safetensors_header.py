"""The header reader against files that are right, broken and hostile."""

from __future__ import annotations

import json
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stickerstudio.core.errors import BadFileError, NotFoundError, UnsafeFileError
from stickerstudio.models.safetensors_header import (
    MAX_HEADER,
    MAX_TENSORS,
    read_header,
    read_number,
)


def write(path: Path, header: str | bytes, data: bytes = b"", *, length: int | None = None) -> Path:
    """A file with this header text, right or wrong."""
    raw = header.encode() if isinstance(header, str) else header
    path.write_bytes(struct.pack("<Q", len(raw) if length is None else length) + raw + data)
    return path


def entry(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_reads_tensors_and_metadata(tmp_path: Path) -> None:
    text = json.dumps(
        {"__metadata__": {"a": "1"}, "x": entry(0, 24, [2, 3]), "y": entry(24, 26, [], "F16")}
    )
    header = read_header(write(tmp_path / "a.safetensors", text + "   ", bytes(26)))
    start = 8 + len(text) + 3
    assert header.metadata == {"a": "1"}
    x = header.tensors["x"]
    assert (x.dtype, x.shape, x.start, x.end) == ("F32", (2, 3), start, start + 24)


def test_reads_what_the_reference_library_writes(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    from safetensors.numpy import save_file

    tensors = {f"layer.{n}.weight": numpy.full((n, 2), n, numpy.float16) for n in range(5)}
    tensors["alpha"] = numpy.array(8, numpy.float32)
    path = tmp_path / "ref.safetensors"
    save_file(
        tensors, path, metadata={"ss_tag_frequency": '{"10_x": {"a \\"b\\"": 3}}', "中": "文"}
    )
    header = read_header(path)
    assert {name: info.shape for name, info in header.tensors.items()} == {
        name: tensor.shape for name, tensor in tensors.items()
    }
    assert header.metadata["中"] == "文"
    assert read_number(path, header.tensors["alpha"]) == 8.0


@pytest.mark.parametrize(
    ("dtype", "data", "value"),
    [
        ("F16", struct.pack("<e", 4.0), 4.0),
        ("BF16", struct.pack("<f", 4.0)[2:], 4.0),
        ("F64", struct.pack("<d", 0.5), 0.5),
        ("I64", struct.pack("<q", 16), 16.0),
        ("F8_E4M3", b"\x40", None),
    ],
)
def test_reads_single_numbers(tmp_path: Path, dtype: str, data: bytes, value: float | None) -> None:
    text = json.dumps({"alpha": entry(0, len(data), [], dtype)})
    path = write(tmp_path / "a.safetensors", text, data)
    assert read_number(path, read_header(path).tensors["alpha"]) == value


BROKEN = {
    "cut off inside the header": ('{"x": {"dtype"', b"", 10**6),
    "no end": ('{"x": ', b"", None),
    "a list": ("{[]}", b"", None),
    "a number for a tensor": ('{"x": 3}', b"", None),
    "unknown type": (json.dumps({"x": entry(0, 4, [1], "F33")}), bytes(4), None),
    "negative shape": (json.dumps({"x": entry(0, 4, [-1])}), bytes(4), None),
    "fractional shape": (json.dumps({"x": {**entry(0, 4, []), "shape": [1.0]}}), bytes(4), None),
    "size that lies": (json.dumps({"x": entry(0, 4, [2**62, 2**62])}), bytes(4), None),
    "ends before it begins": (json.dumps({"x": entry(8, 4, [1])}), bytes(8), None),
    "outside the file": (json.dumps({"x": entry(0, 400, [100])}), bytes(4), None),
    "overlap": (json.dumps({"x": entry(0, 8, [2]), "y": entry(4, 12, [2])}), bytes(12), None),
    "the same bytes twice": (json.dumps({"x": entry(0, 4, [1]), "y": entry(0, 4, [1])}),
                             bytes(4), None),
    "a hole": (json.dumps({"x": entry(0, 4, [1]), "y": entry(8, 12, [1])}), bytes(12), None),
    "bytes nobody owns": (json.dumps({"x": entry(0, 4, [1])}), bytes(5), None),
    "a name twice": (
        f'{{"x": {json.dumps(entry(0, 4, [1]))}, "x": {json.dumps(entry(4, 8, [1]))}}}',
        bytes(8), None,
    ),
    "metadata twice": ('{"__metadata__": {}, "__metadata__": {}}', b"", None),
    "a metadata name twice": ('{"__metadata__": {"a": "1", "a": "2"}}', b"", None),
    "metadata that is no text": ('{"__metadata__": {"a": 1}}', b"", None),
    "an unknown field": (json.dumps({"x": {**entry(0, 4, [1]), "z": 1}}), bytes(4), None),
    "no shape": ('{"x": {"dtype": "F32", "data_offsets": [0, 4]}}', bytes(4), None),
    "something after it": ("{} x", b"", None),
    "not text": (b"{\xff\xfe}", b"", None),
    "a hundred dimensions": (json.dumps({"x": entry(0, 4, [1] * 100)}), bytes(4), None),
    "deep nesting": ('{"x": ' + "[" * 100_000, b"", None),
    "deep nesting of objects": ('{"x":' * 100_000, b"", None),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_refuses_broken_headers_in_one_sentence(tmp_path: Path, case: str) -> None:
    header, data, length = BROKEN[case]
    path = write(tmp_path / "bad.safetensors", header, data, length=length)
    with pytest.raises(BadFileError) as caught:
        read_header(path)
    assert not isinstance(caught.value, UnsafeFileError)
    assert caught.value.what == "bad.safetensors is damaged."
    assert caught.value.why.endswith(".")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("case", ["claim", "flood of tensors", "flood of numbers", "long name"])
def test_hostile_headers_cost_no_memory(tmp_path: Path, case: str) -> None:
    path = tmp_path / "hostile.safetensors"
    if case == "claim":  # a sparse file: it announces and has 60 GB
        write(path, "{}", length=60 * 10**9)
        with path.open("r+b") as file:
            file.truncate(60 * 10**9 + 8)
    elif case == "flood of tensors":
        one = json.dumps(entry(0, 0, [0]))
        write(path, "{" + ",".join(f'"{n}":{one}' for n in range(10**6)) + "}")
    elif case == "flood of numbers":
        write(path, '{"x": {"shape": [' + "1," * (MAX_HEADER // 4))
    else:
        write(path, '{"' + "x" * (MAX_HEADER // 2) + '": {"dtype": "F32"}}')
    tracemalloc.start()
    with pytest.raises(BadFileError) as caught:
        read_header(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(str(caught.value)) < 400
    # Nothing at all beyond the limit on headers; below it, the text itself twice and a name.
    assert peak < (2**20 if case in ("claim", "flood of tensors") else 3 * MAX_HEADER)


def test_too_many_tensors_below_the_size_limit(tmp_path: Path) -> None:
    one = json.dumps(entry(0, 0, [0]))
    flood = "{" + ",".join(f'"{n}":{one}' for n in range(MAX_TENSORS + 1)) + "}"
    with pytest.raises(BadFileError, match="more than"):
        read_header(write(tmp_path / "many.safetensors", flood))


def test_names_pickles(tmp_path: Path) -> None:
    old = tmp_path / "old.safetensors"
    old.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
    new = tmp_path / "new.safetensors"
    with zipfile.ZipFile(new, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    for path in (old, new):
        with pytest.raises(UnsafeFileError, match="pickle"):
            read_header(path)


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (b"GGUF\x03\0\0\0" + bytes(16), "GGUF"),
        (b"<!DOCTYPE html><html><body>Sign in", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"", "empty"),
        (b"abc", "begin"),
        (bytes(64), "begin"),
    ],
)
def test_names_other_kinds_of_files(tmp_path: Path, start: bytes, named: str) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(start)
    with pytest.raises(BadFileError, match=named):
        read_header(path)


def test_a_plain_zip_is_not_called_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(BadFileError, match="ZIP") as caught:
        read_header(path)
    assert not isinstance(caught.value, UnsafeFileError)


def test_a_missing_file_is_not_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_header(tmp_path / "none.safetensors")


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 200), byte=st.integers(0, 255), cut=st.none() | st.integers(0, 220))
def test_any_damage_is_a_sentence_or_harmless(
    tmp_path: Path, place: int, byte: int, cut: int | None
) -> None:
    path = tmp_path / "a.safetensors"
    text = json.dumps({"__metadata__": {"a": "b"}, "x": entry(0, 8, [2]), "y": entry(8, 12, [1])})
    write(path, text, bytes(12))
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(bytes(data[:cut]))
    try:
        header = read_header(path)
    except BadFileError:
        return
    assert all(8 < t.start <= t.end <= path.stat().st_size for t in header.tensors.values())
