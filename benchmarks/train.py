"""Training steps per second and peak memory: ours, and diffusers' own SDXL LoRA script's method.

    python -m benchmarks.train

One tiny configuration of the SDXL architecture (the starter's), the same drawings, batch, rank,
layers and optimiser, on the CPU in float32, interleaved in one run. The script's method is made
again here from its documented steps (examples/text_to_image/train_text_to_image_lora_sdxl.py): VAE
and text encoders run in every step, nothing is cached, the loss is the mean squared error at
timesteps drawn evenly. Ours runs with its default loss, the teacher's pass included, and with the
script's loss, so that the gain of the caches can be told from the cost of the loss. Peak memory is
that of a process of its own, without what its imports and the model take.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import PIL.Image
import PIL.ImageDraw
import psutil

from stickerstudio.core.paths import Paths

BATCH, RANK, ROUNDS, STEPS = 4, 16, 4, 3
KINDS = ("diffusers' script", "ours, its loss", "ours, teacher")


def _draw(folder: Path) -> None:
    folder.mkdir()
    for index in range(8):
        image = PIL.Image.new("RGBA", (128, 128))
        pen = PIL.ImageDraw.Draw(image)
        pen.ellipse((10, 10, 118, 118), fill=(30 * index, 200 - 20 * index, 120))
        pen.rectangle((40, 10 + 10 * index, 80, 40 + 10 * index), fill="white")
        image.save(folder / f"shape {'abcdefgh'[index]}.png")


def _stepper(kind: str, folder: Path) -> Callable[[int], float]:
    """A function that does one training step."""
    import torch

    torch.set_num_threads(1)
    from stickerstudio.engine.pipeline import examine, load
    from stickerstudio.training.dataset import read_set
    from stickerstudio.training.settings import TrainingSettings

    paths = Paths.default()
    sdxl = paths.resources / "sdxl"
    model = load(examine(paths.bundled_models / "starter", sdxl), "float32", sdxl)
    data = read_set(folder)
    settings = TrainingSettings(
        name="x",
        rank=RANK,
        alpha=RANK,
        batch=BATCH,
        targets=("attention",),
        loss="teacher" if kind == KINDS[2] else "ordinary",
        min_snr=0,
        prior_share=0.25 if kind == KINDS[2] else 0.0,
    )
    if kind == KINDS[0]:
        return _script(model, data, settings)
    return _ours(model, data, settings)


def _ours(model: Any, data: Any, settings: Any) -> Callable[[int], float]:
    from accelerate import Accelerator

    from stickerstudio.engine.train.adapters import Adapters
    from stickerstudio.engine.train.batches import Deck
    from stickerstudio.engine.train.encode import Embeddings, encode_set
    from stickerstudio.engine.train.loop import Course
    from stickerstudio.engine.train.objective import Objective
    from stickerstudio.engine.train.painting import Painter
    from stickerstudio.models.catalogue import Catalogue

    accelerator = Accelerator(cpu=True)
    card = Catalogue(Paths.default()).find("starter")
    nothing: Any = lambda *_: None  # noqa: E731
    shown = encode_set(model, data, settings, card.size, nothing, lambda: False)
    prior = None
    if settings.prior_share:
        painter = Painter(model, card, "cpu")
        prior = painter.prior(["pizza", "otter", "rocket"], 0, nothing, lambda: False)
    adapters = Adapters(model, settings)
    objective = Objective(model.scheduler, settings.loss, card.default_steps, card.max_steps, 0)
    deck = Deck(shown, prior, objective, settings, 1)
    embeddings = Embeddings(model, accelerator.device)
    course = Course(accelerator, model, adapters, deck, objective, embeddings, settings)
    return lambda step: course.step(step)[0]


def _script(model: Any, data: Any, settings: Any) -> Callable[[int], float]:
    """The documented script's step: pixels → VAE → noise → both text encoders → UNet → MSE."""
    import numpy as np
    import torch
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
    from peft import LoraConfig

    unet, vae = model.unet, model.vae
    unet.add_adapter(
        LoraConfig(
            r=RANK,
            lora_alpha=RANK,
            init_lora_weights="gaussian",
            target_modules=["to_k", "to_q", "to_v", "to_out.0", "proj_in", "proj_out"],
        )
    )
    learning = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=1e-4, betas=(0.9, 0.999), weight_decay=1e-2)
    scheduler: Any = DDPMScheduler.from_config(model.scheduler.config)
    pixels = [data.pixels(picture, (128, 128), "#ffffff", 0.02) for picture in data.pictures]
    images = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1
    captions = [picture.captions[0] for picture in data.pictures]
    encoders = (
        (model.tokenizer, model.text_encoder),
        (model.tokenizer_2, model.text_encoder_2),
    )

    def step(number: int) -> float:
        chosen = [(number * BATCH + i) % len(captions) for i in range(BATCH)]
        with torch.no_grad():
            latents = vae.encode(images[chosen]).latent_dist.sample() * vae.config.scaling_factor
            hidden, pooled = [], None
            for tokenizer, encoder in encoders:
                ids = tokenizer(
                    [captions[i] for i in chosen],
                    padding="max_length",
                    truncation=True,
                    return_tensors="pt",
                ).input_ids
                output = encoder(ids, output_hidden_states=True)
                pooled = output[0]
                hidden.append(output.hidden_states[-2])
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, 1000, (BATCH,))
        noisy = scheduler.add_noise(latents, noise, timesteps)
        time_ids = torch.tensor([[128.0, 128, 0, 0, 128, 128]]).expand(BATCH, -1)
        added = {"text_embeds": pooled, "time_ids": time_ids}
        prediction = unet(noisy, timesteps, torch.cat(hidden, -1), added_cond_kwargs=added)[0]
        wanted = scheduler.get_velocity(latents, noise, timesteps)
        loss = torch.nn.functional.mse_loss(prediction.float(), wanted.float())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    del settings
    return step


@contextmanager
def _peak(found: list[int]) -> Iterator[None]:
    """Append the most bytes this process held above what it holds now."""
    process = psutil.Process()
    before, most, over = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.01):
            most = max(most, process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        found.append(max(0, most - before))


def _serve(kind: str, folder: Path, wire: Any) -> None:
    """A process of its own: a few steps whenever it is asked; CPU seconds and peak memory back."""
    step = _stepper(kind, folder)
    step(0)
    number = 1
    wire.send("ready")
    while wire.recv():
        peaks: list[int] = []
        with _peak(peaks):
            wall, began = time.perf_counter(), time.process_time()
            for _ in range(STEPS):
                step(number)
                number += 1
            wire_times = (time.process_time() - began, time.perf_counter() - wall)
        wire.send((*wire_times, peaks[0]))


def main() -> None:
    """Print steps per second, the ratio to the script's, and the peak memory of each."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "art"
        _draw(folder)
        running: dict[str, tuple[Any, Any]] = {}
        for kind in KINDS:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(kind, folder, theirs), daemon=True)
            process.start()
            ours.recv()
            running[kind] = process, ours
        seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        peaks: dict[str, int] = dict.fromkeys(KINDS, 0)
        for _ in range(ROUNDS):
            for kind, (_process, wire) in running.items():
                wire.send(True)
                cpu, _wall, peak = wire.recv()
                seconds[kind].append(cpu / STEPS)
                peaks[kind] = max(peaks[kind], peak)
        for process, wire in running.values():
            wire.send(False)
            process.join()
    base = statistics.median(seconds[KINDS[0]])
    print(f"starter, 128², batch {BATCH}, rank {RANK}, attention, CPU float32, one thread")
    print("seconds of CPU time, median: a loaded machine does not count\n")
    print(f"{'':20} {'steps/s':>8} {'ratio':>6} {'peak MB':>8}")
    for kind in KINDS:
        each = statistics.median(seconds[kind])
        print(f"{kind:20} {1 / each:8.2f} {base / each:6.2f} {peaks[kind] / 1e6:8.0f}")


if __name__ == "__main__":
    main()
