"""A whole training of a tiny real SDXL: what it writes, how it goes on, and how it fails."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from safetensors import safe_open
from safetensors.torch import load_file

from stickerstudio.core.errors import BadFileError, Cancelled, DiskError, NotFoundError
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.engine.device import choose, probe
from stickerstudio.engine.resident import ResidentModel
from stickerstudio.engine.train import state
from stickerstudio.engine.train.encode import encode_set, to_latents
from stickerstudio.engine.train.run import Trainer
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraShelf
from stickerstudio.training import jobs
from stickerstudio.training.dataset import read_set
from stickerstudio.training.jobs import TrainingJob
from stickerstudio.training.messages import (
    TrainingOrder,
    TrainingPlan,
    TrainingResult,
    TrainingSample,
    TrainingSaved,
    TrainingStep,
)
from stickerstudio.training.report import load_report
from stickerstudio.training.settings import TrainingSettings
from tests.engine.test_loop import model_of
from tests.training.drawings import fill

SMALL = TrainingSettings(
    name="mine",
    trigger="dm",
    licence="CC0-1.0",
    author="me",
    consent=True,
    steps=6,
    batch=2,
    rank=2,
    alpha=2,
    warmup=1,
    prior_pictures=2,
    prior_share=0.5,
    sample_every=3,
    sample_prompts=("red heart", "blue cat"),
    save_seconds=0,
)


def _never() -> bool:
    return False


@pytest.fixture
def art(tmp_path: Path) -> Path:
    return fill(tmp_path / "art", 6)


def _job(paths: Paths, art: Path, **changes: Any) -> TrainingJob:
    return jobs.create(paths, replace(SMALL, **changes), read_set(art))


def _train(paths: Paths, job: TrainingJob, *, stop_after: int | None = None) -> list[object]:
    """Train, and stop as a user would, once `stop_after` steps were told of."""
    heard: list[object] = []

    def enough() -> bool:
        return stop_after is not None and len(_of(heard, TrainingStep)) >= stop_after

    Trainer(paths, "cpu").train(TrainingOrder(1, job.folder, "cpu"), heard.append, enough)
    return heard


def _of(heard: list[object], kind: type) -> list[Any]:
    return [event for event in heard if isinstance(event, kind)]


def test_from_drawings_to_the_shelf(studio_paths: Paths, art: Path) -> None:
    job = _job(studio_paths, art)
    before = sorted((file.name, file.stat().st_mtime_ns) for file in art.iterdir())
    heard = _train(studio_paths, job)
    assert sorted((file.name, file.stat().st_mtime_ns) for file in art.iterdir()) == before
    assert [event.step for event in _of(heard, TrainingStep)] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in _of(heard, TrainingSample)] == [0, 3, 6]
    assert all(file.is_file() for row in _of(heard, TrainingSample) for file in row.files)
    kinds = [type(event) for event in heard]
    assert kinds.index(TrainingPlan) < kinds.index(TrainingStep)
    (result,) = _of(heard, TrainingResult)
    info = LoraShelf(studio_paths).find("mine")
    assert info.path == result.lora
    assert (info.format, info.rank, info.alpha) == ("kohya", 2, 2.0)
    assert info.trigger_words == ("dm",)
    assert info.licence == "CC0-1.0"
    assert info.recommended_weight == result.recommended_weight
    assert info.preview is not None
    assert info.preview.is_file()
    report = load_report(result.report)
    assert report.weights[0].weight == 0
    assert len(report.nearest) == len(report.prompts)
    assert all((job.folder / name).is_file() for row in report.weights for name in row.files)
    assert job.finished


def test_the_header_says_what_other_tools_ask_for(studio_paths: Paths, art: Path) -> None:
    job = _job(studio_paths, art)
    (result,) = _of(_train(studio_paths, job), TrainingResult)
    with safe_open(result.lora, "pt") as file:
        said = file.metadata()
    assert said["modelspec.trigger_phrase"] == "dm"
    assert said["modelspec.license"] == "CC0-1.0"
    assert json.loads(said["ss_tag_frequency"])["1_mine"]["dm"] == 6
    assert said["ss_num_train_images"] == "6"
    assert said["stickerstudio.data_sha256"] == job.data.digest
    assert said["modelspec.thumbnail"].startswith("data:image/webp;base64,")
    keys = load_file(result.lora).keys()
    assert all(key.startswith("lora_unet_") for key in keys)


@pytest.mark.parametrize("keep_place", [False, True])
def test_drawings_are_encoded_in_their_place_where_asked(
    tiny: StableDiffusionXLPipeline, tmp_path: Path, keep_place: bool
) -> None:
    """A tall drawing on a wide page: the page's shape decides the bucket, and where it lies."""
    page = PIL.Image.new("RGBA", (192, 96))
    page.paste("red", (140, 10, 180, 90))
    page.save(tmp_path / "tall.png")
    data = read_set(tmp_path)
    model = model_of(tiny)
    settings = replace(SMALL, keep_shape=True, keep_place=keep_place)
    (shown,) = encode_set(model, data, settings, (256, 256), lambda done, total: None, _never)
    assert (shown.size[0] > shown.size[1]) is keep_place
    pixels = data.pixels(
        data.pictures[0], shown.size, "#ffffff", settings.margin, keep_place=keep_place
    )
    assert torch.equal(shown.variants, to_latents(model, [pixels]))


def test_drawings_are_judged_in_their_place_where_asked(studio_paths: Paths, art: Path) -> None:
    """The report's nearest drawings are those that the judge looked at."""
    job = _job(studio_paths, art, keep_place=True, steps=1, sample_every=0)
    (result,) = _of(_train(studio_paths, job), TrainingResult)
    with safe_open(result.lora, "pt") as file:
        assert file.metadata()["stickerstudio.keep_place"] == "True"
    near = load_report(result.report).nearest[0]
    picture = next(each for each in job.data.pictures if each.name == near.name)
    seen = np.asarray(PIL.Image.open(job.folder / near.file).convert("RGB")).astype(int)
    away = [
        np.abs(seen - job.data.pixels(picture, (64, 64), "#ffffff", 0.02, keep_place=kept)).mean()
        for kept in (True, False)
    ]
    assert away[0] < away[1] / 2


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": ("attention", "feed-forward", "convolutions")},
        {"text_encoders": True, "targets": ("attention",)},
    ],
    ids=["convolutions", "text encoders"],
)
def test_stock_diffusers_gives_the_studios_image(
    studio_paths: Paths, art: Path, changes: dict[str, Any]
) -> None:
    job = _job(studio_paths, art, steps=3, learning_rate=0.05, text_learning_rate=0.05, **changes)
    (result,) = _of(_train(studio_paths, job), TrainingResult)
    folder = studio_paths.bundled_models / "starter"
    pipe = StableDiffusionXLPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)

    def stock() -> np.ndarray[Any, Any]:
        out: Any = pipe(
            "red heart, dm",
            num_inference_steps=2,
            guidance_scale=0.0,
            width=64,
            height=64,
            generator=torch.Generator().manual_seed(5),
        )
        return np.asarray(out.images[0]).astype(int)

    without = stock()
    pipe.load_lora_weights(result.lora.parent, weight_name=result.lora.name)
    theirs = stock()
    card = Catalogue(studio_paths).find("starter")
    machine = probe()
    model = ResidentModel(
        card,
        choose("cpu", machine),
        machine,
        LoraShelf(studio_paths),
        studio_paths.resources / "sdxl",
    )
    recipe = Recipe(
        prompt="red heart, dm",
        seed=5,
        num_inference_steps=2,
        guidance_scale=0.0,
        width=64,
        height=64,
        model="starter",
        loras=(LoraWeight("mine", 1.0),),
        cutout=False,
    )
    ours = model.paint(
        recipe, start=None, quick=False, on_step=lambda a, b: None, is_cancelled=_never
    )
    difference = np.abs(np.asarray(ours).astype(int) - theirs)
    assert np.abs(theirs - without).mean() > 1  # it does change the picture
    assert difference.max() <= 2


def test_a_cancelled_training_goes_on_to_the_same_weights(studio_paths: Paths, art: Path) -> None:
    whole = _job(studio_paths, art)
    _train(studio_paths, whole)
    wanted = load_file(studio_paths.loras / "mine.safetensors")
    job = _job(studio_paths, art)
    with pytest.raises(Cancelled):
        _train(studio_paths, job, stop_after=2)
    stopped = state.load(job.state, _key(job))
    assert stopped is not None
    assert stopped.step == 2
    heard = _train(studio_paths, job)
    assert _of(heard, TrainingStep)[0].step == stopped.step + 1
    assert _same(load_file(studio_paths.loras / "mine.safetensors"), wanted)


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_weights(studio_paths: Paths, art: Path) -> None:
    changes: dict[str, Any] = {"steps": 12, "save_seconds": 0.0, "lora_dropout": 0.1}
    _train(studio_paths, _job(studio_paths, art, **changes))
    wanted = load_file(studio_paths.loras / "mine.safetensors")
    job = _job(studio_paths, art, **changes)
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_train_aloud, args=(studio_paths, job.folder, writer))
    process.start()
    writer.close()
    saved = -1
    while saved < 5:  # in the middle, right after a saving
        assert reader.poll(120), "the training says nothing"
        saved = reader.recv()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    heard = _train(studio_paths, job)
    assert 1 < _of(heard, TrainingStep)[0].step <= 12
    assert _same(load_file(studio_paths.loras / "mine.safetensors"), wanted)


def _train_aloud(paths: Paths, folder: Path, wire: Any) -> None:
    torch.set_num_threads(1)

    def hear(event: object) -> None:
        if isinstance(event, TrainingSaved):
            wire.send(event.step)
            time.sleep(0.2)  # the kill must find it at work, not finished

    Trainer(paths, "cpu").train(TrainingOrder(1, folder, "cpu"), hear, _never)


def test_accumulation_learns_the_same(studio_paths: Paths, art: Path) -> None:
    """Parts of a batch add up to the batch: the first step's loss is the mean of its parts."""
    losses: list[float] = []
    for parts in (1, 2):
        job = _job(studio_paths, art, steps=1, batch=4, accumulation=parts, prior_share=0.0)
        heard = _train(studio_paths, job)
        losses.append(_of(heard, TrainingStep)[0].loss)
    assert all(np.isfinite(losses))
    assert 0.3 < losses[0] / losses[1] < 3  # other noise, but no factor of two


def test_same_seed_same_file(studio_paths: Paths, art: Path) -> None:
    made = []
    for _ in range(2):
        _train(studio_paths, _job(studio_paths, art, steps=2, sample_every=0))
        made.append(load_file(studio_paths.loras / "mine.safetensors"))
    assert _same(*made)


@pytest.mark.parametrize("loss", ["ordinary", "x0", "teacher"])
def test_every_loss_falls(studio_paths: Paths, art: Path, loss: Any) -> None:
    """Thirty steps at a high rate on few drawings: the end is below the beginning."""
    job = _job(
        studio_paths, art, loss=loss, steps=30, batch=4, sample_every=0, learning_rate=0.02,
        save_seconds=1_000, rank=8, alpha=8, prior_share=0.25, min_snr=0.0,
    )  # fmt: skip
    losses = [event.loss for event in _of(_train(studio_paths, job), TrainingStep)]
    assert np.mean(losses[-10:]) < np.mean(losses[:10])


def test_state_of_other_settings_is_refused(studio_paths: Paths, art: Path) -> None:
    job = _job(studio_paths, art)
    with pytest.raises(Cancelled):
        _train(studio_paths, job, stop_after=2)
    other = replace(job.settings, learning_rate=0.5)
    (job.folder / "settings.json").write_text(other.to_json())
    with pytest.raises(BadFileError, match="have changed"):
        _train(studio_paths, job)


def test_state_of_another_version_is_refused(studio_paths: Paths, art: Path) -> None:
    job = _job(studio_paths, art)
    torch.save({"format": 99}, job.state)
    with pytest.raises(BadFileError, match="another version"):
        _train(studio_paths, job)
    job.state.write_bytes(b"\x80\x04cos\nsystem\n")  # a pickle that would run a program
    with pytest.raises(BadFileError, match="damaged"):
        _train(studio_paths, job)


def test_the_base_removed_in_between(studio_paths: Paths, art: Path) -> None:
    job = _job(studio_paths, art)
    with pytest.raises(Cancelled):
        _train(studio_paths, job, stop_after=2)
    unet = studio_paths.bundled_models / "starter" / "unet"
    unet.rename(unet.with_name("away"))
    with pytest.raises(NotFoundError):
        _train(studio_paths, job)
    unet.with_name("away").rename(unet)
    _train(studio_paths, job)  # back again: it goes on


def test_a_drawing_removed_in_between(studio_paths: Paths, art: Path) -> None:
    job = _job(studio_paths, art)
    next(art.iterdir()).unlink()
    with pytest.raises(NotFoundError, match="Put it back"):
        _train(studio_paths, job)


def test_no_room_for_the_state_keeps_the_last_one(
    studio_paths: Paths, art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _job(studio_paths, art)
    with pytest.raises(Cancelled):
        _train(studio_paths, job, stop_after=2)
    kept = job.state.read_bytes()
    real = state.write_bytes_atomic

    def full(path: Path, data: bytes) -> None:
        if path == job.state:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(state, "write_bytes_atomic", full)
    with pytest.raises(DiskError, match="disk is full"):
        _train(studio_paths, job)
    assert job.state.read_bytes() == kept
    monkeypatch.undo()
    _train(studio_paths, job)
    assert job.finished


def _key(job: TrainingJob) -> str:
    data: Any = torch.load(job.state, weights_only=True)
    return str(data["key"])


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
