"""The recipe's command line: every step in order, or the ones that are named."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)

from recipes.starter import (
    demonstrate,
    evaluate,
    export,
    fetch,
    gallery,
    latents,
    layout,
    lora_sheet,
    manifest,
    neighbours,
    parts,
    refine,
    render,
    teach,
    tokens,
    train_lora,
    train_unet,
    train_vae,
)
from recipes.starter.captions import load_words
from recipes.starter.common import pick_device
from recipes.starter.judge import train as train_judge
from stickerstudio.models.cards import read_card
from stickerstudio.training.settings import PRESETS

ROOT = Path(__file__).resolve().parents[2]
STEPS = (
    "fetch",
    "manifest",
    "render",
    "tokens",
    "latents",
    "teach",
    "neighbours",
    "layout",
    "vae",
    "unet",
    "refine",
    "judge",
    "evaluate",
    "export",
)
SHOWN = {
    "reference-1": "20-prompts",
    "reference-4": "20-prompts-4-steps",
    "concepts": "100",
    "otter": "otter",
    "phrases": "phrases",
    "pairs": "pairs",
}
"""Sheets of the evaluation that the documentation shows, and as what."""
AFTER = ("lora", "demonstrate", "sheets", "pack", "unpack")


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser("python -m recipes.starter", description=__doc__)
    parser.add_argument(
        "steps",
        nargs="*",
        help=f"of {', '.join(STEPS)} (together the default) and {', '.join(AFTER)}",
    )
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "starter")
    parser.add_argument("--model", type=Path, default=ROOT / "resources" / "models" / "starter")
    parser.add_argument("--loras", type=Path, default=ROOT / "loras")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--workers", type=int, default=1, help="processes that train together")
    parser.add_argument("--loaders", type=int, default=0, help="processes that make UNet batches")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as torch likes")
    parser.add_argument("--compile", action="store_true", help="compile the UNet (CUDA)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0.0, help="end each training after; 0: no")
    parser.add_argument("--teach-steps", type=int, default=1050)
    parser.add_argument("--layout-steps", type=int, default=10_000)
    parser.add_argument("--vae-steps", type=int, default=4000)
    parser.add_argument("--vae-batch", type=int, default=4)
    parser.add_argument("--unet-minutes", type=float, default=240.0, help="altogether")
    parser.add_argument("--unet-batch", type=int, default=32)
    parser.add_argument("--refine-steps", type=int, default=1200)
    parser.add_argument("--judge-minutes", type=float, default=40.0, help="altogether")
    parser.add_argument("--seeds", type=int, default=2, help="pictures of a concept in evaluate")
    parser.add_argument("--lora-preset", choices=PRESETS, default="good")
    parser.add_argument("--lora-steps", type=int, default=0, help="0: as the preset has it")
    parser.add_argument("--style", action="append", help="which LoRA; default: all")
    parser.add_argument("--loss", action="append", choices=demonstrate.LOSSES, help="default: all")
    parser.add_argument("--earlier", type=Path, help="model folder that new weights begin as")
    parser.add_argument("--earlier-code", type=Path, help="its codec.pt")
    parser.add_argument("--parts", type=Path, help="folder of the parts to pack or unpack")
    parser.add_argument("--weights-only", action="store_true", help="pack no drawings")
    return parser.parse_args()


def main() -> None:
    """Run the steps; each goes on from where it was stopped."""
    args = parse()
    unknown = set(args.steps) - {*STEPS, *AFTER}
    if unknown:
        raise SystemExit(f"unknown step: {', '.join(sorted(unknown))}")
    args.work.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    for step in args.steps or STEPS:
        print(f"== {step}", flush=True)
        run(step, args)


def run(step: str, args: argparse.Namespace) -> None:
    """Run one step."""
    device = pick_device(args.device)
    work, seed, piece = args.work, args.seed, args.minutes * 60
    earlier = (args.earlier, args.earlier_code) if args.earlier and args.earlier_code else None
    parts_ = args.parts or work / "parts"
    plan = train_unet.Plan(
        args.unet_minutes * 60,
        piece,
        args.unet_batch,
        args.workers,
        args.loaders,
        args.compile,
        earlier,
    )
    vae_options = (args.vae_steps, seed, device, args.workers, earlier, args.vae_batch, piece)
    acts: dict[str, Callable[[], object]] = {
        "fetch": lambda: fetch.run(work),
        "manifest": lambda: manifest.run(work),
        "render": lambda: render.run(work),
        "tokens": lambda: tokens.run(work),
        "latents": lambda: latents.run(work),
        "teach": lambda: teach.run(work, args.teach_steps, seed, args.workers),
        "neighbours": lambda: neighbours.run(work),
        "layout": lambda: layout.run(work, args.layout_steps, seed, args.workers, piece),
        "vae": lambda: train_vae.run(work, *vae_options),
        "unet": lambda: train_unet.run(work, plan, seed, device),
        "refine": lambda: refine.run(work, args.refine_steps, seed, device, args.minutes),
        "judge": lambda: train_judge.run(work, args.judge_minutes, seed, device, piece),
        "evaluate": lambda: evaluate.run(export.load_pipeline(work).to(device), work, args.seeds),
        "export": lambda: export.run(work, args.model),
        "lora": lambda: loras(args, device.type),
        "demonstrate": lambda: demonstrations(args, device.type),
        "sheets": lambda: sheets(args),
        "pack": lambda: parts.pack(work, parts_, not args.weights_only),
        "unpack": lambda: parts.unpack(parts_, work),
    }
    acts[step]()


def loras(args: argparse.Namespace, device: str) -> None:
    """Train the LoRAs that are asked for."""
    for style in train_lora.STYLES:
        if not args.style or style.name in args.style:
            chosen = (args.lora_preset, args.lora_steps, args.seed, device)
            train_lora.run(args.work, style, args.loras, *chosen)


def demonstrations(args: argparse.Namespace, device: str) -> None:
    """Show what the trainer makes of each style that is asked for."""
    for style in train_lora.STYLES:
        if not args.style or style.name in args.style:
            shown = ROOT / "docs" / f"train-demonstration-{style.name}.webp"
            chosen = (args.lora_steps, args.seed, device)
            losses = args.loss or demonstrate.LOSSES
            demonstrate.run(args.work, style, args.model, *chosen, shown, losses)


def sheets(args: argparse.Namespace) -> None:
    """Draw the pictures of the documentation anew, with the exported model."""
    pipe = StableDiffusionXLPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    card, _ = read_card(args.model / "card.json")
    gallery.sheets(pipe, load_words(manifest.load(args.work)), args.work, card)
    docs = ROOT / "docs"
    for name, shown in SHOWN.items():
        shutil.copy(args.work / f"sheet-{name}.webp", docs / f"starter-{shown}.webp")
    lora_sheet.run(pipe, args.loras, docs / "starter-loras.webp")
    lora_sheet.blends(pipe, args.loras, docs / "starter-blends.webp")


if __name__ == "__main__":
    main()
