"""Work carried from machine to machine: checkpoints in half precision, in files of under 16 MiB.

A short-lived machine has no package registry and no earlier work. ``pack`` writes what training
needs there (drawings as lossless WebP, captions' goals at the width they are used, the newest
weights) and what comes back; ``unpack`` lays it out as a work folder. Optimisers' states are not
carried: they are rebuilt within some hundred batches.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from recipes.starter import manifest, teach
from recipes.starter.common import load_state, save_atomic
from recipes.starter.concepts import CONCEPTS

PART = 15 * 2**20
"""Bytes of one file at most."""

WEIGHTS = ("unet.pt", "layout.pt", "vae.pt", "vae-refined.pt", "judge.pt")
FILES = (
    "codec.pt",
    "teacher-basis.pt",
    "taught.json",
    "neighbours.json",
    "likely.json",
    "likely.npz",
    "judge.json",
    "unet.log",
    "vae.log",
    "refine.log",
    "judge.log",
)


def _halved(state: Any) -> Any:
    """Checkpoints without optimisers, their weights in half precision."""
    if isinstance(state, torch.Tensor):
        return state.half() if state.is_floating_point() else state
    if isinstance(state, dict):
        return {key: _halved(value) for key, value in state.items() if key != "optimiser"}
    return state


def _whole(state: Any) -> Any:
    """The reverse of :func:`_halved`, but for what rounding took."""
    if isinstance(state, torch.Tensor):
        return state.float() if state.is_floating_point() else state
    if isinstance(state, dict):
        return {key: _whole(value) for key, value in state.items()}
    return state


def _add_drawings(work: Path, folder: Path) -> None:
    """Every drawing of the concepts, in a tar of lossless WebP, with its line of the manifest."""
    drawings = manifest.load(work)
    pictures = np.load(work / "pictures.npy", mmap_mode="r")
    wanted = set(CONCEPTS)
    rows = json.loads((work / "manifest.json").read_text("utf-8"))
    kept = [i for i, drawing in enumerate(drawings) if drawing.concept in wanted]
    text = json.dumps([rows[i] for i in kept], ensure_ascii=False)
    (folder / "manifest.json").write_text(text, "utf-8")
    with tarfile.open(folder / "drawings.tar", "w") as tar:
        for number, index in enumerate(kept):
            file = io.BytesIO()
            Image.fromarray(np.array(pictures[index])).save(
                file, "WEBP", lossless=True, quality=60, method=4
            )
            entry = tarfile.TarInfo(f"{number:05}.webp")
            entry.size = file.tell()
            file.seek(0)
            tar.addfile(entry, file)


def pack(work: Path, target: Path, drawings: bool = True) -> None:
    """Write ``target/part-NNN``; without ``drawings`` only weights and logs, to bring back."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as name:
        folder = Path(name)
        for file in WEIGHTS:
            state = load_state(work / file)
            if state is not None:
                if "average" in state:
                    # The running average stands for both.
                    del state["model"]
                torch.save(_halved(state), folder / file)
        for file in FILES:
            if (work / file).exists():
                shutil.copy(work / file, folder / file)
        if drawings:
            shutil.copytree(work / "tokenizer", folder / "tokenizer")
            _add_drawings(work, folder)
            _, _, goals = teach.corpus(work, 0)
            np.save(folder / "goals.npy", goals.numpy().astype(np.float16))
        whole = folder / "work.tar.gz"
        with tarfile.open(whole, "w:gz", compresslevel=6) as tar:
            for path in sorted(folder.iterdir()):
                if path != whole:
                    tar.add(path, path.name)
        with whole.open("rb") as source:
            number = 0
            while part := source.read(PART):
                (target / f"part-{number:03}").write_bytes(part)
                number += 1
    size = sum(path.stat().st_size for path in target.glob("part-*"))
    print(f"pack: {size / 2**20:.1f} MiB in {number} parts in {target}", flush=True)


def unpack(source: Path, work: Path) -> None:
    """Lay the parts out as a work folder, over what is there."""
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as name:
        whole = Path(name) / "work.tar.gz"
        with whole.open("wb") as target:
            for part in sorted(source.glob("part-*")):
                target.write(part.read_bytes())
        with tarfile.open(whole) as tar:
            tar.extractall(work, filter="data")
    for file in WEIGHTS:
        state = load_state(work / file)
        if state is not None:
            state = _whole(state)
            if "average" in state:
                state.setdefault("model", state["average"])
            save_atomic(state, work / file)
    bundle = work / "drawings.tar"
    if bundle.exists():
        with tarfile.open(bundle) as tar:
            pictures = [
                np.array(Image.open(io.BytesIO(tar.extractfile(entry).read())))  # pyright: ignore
                for entry in tar
            ]
        np.save(work / "pictures.npy", np.stack(pictures))
        bundle.unlink()
        for stale in ("latents.pt", "pictures-white.npy"):
            (work / stale).unlink(missing_ok=True)
    print(f"unpack: {work}", flush=True)
