"""The recipe's command line: every step in order, or the ones that are named."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)

from recipes.starter import (
    evaluate,
    export,
    fetch,
    latents,
    lora_sheet,
    manifest,
    refine,
    render,
    tokens,
    train_lora,
    train_unet,
    train_vae,
)
from recipes.starter.common import pick_device

ROOT = Path(__file__).resolve().parents[2]
STEPS = (
    "fetch",
    "manifest",
    "render",
    "tokens",
    "latents",
    "vae",
    "unet",
    "refine",
    "evaluate",
    "export",
)
AFTER = ("lora", "sheets")


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser("python -m recipes.starter", description=__doc__)
    parser.add_argument(
        "steps", nargs="*", help=f"of {', '.join(STEPS)}, {', '.join(AFTER)}; default: all"
    )
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "starter")
    parser.add_argument("--model", type=Path, default=ROOT / "resources" / "models" / "starter")
    parser.add_argument("--loras", type=Path, default=ROOT / "loras")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--workers", type=int, default=1, help="processes that train together")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as torch likes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vae-steps", type=int, default=4000)
    parser.add_argument("--unet-steps", type=int, default=5200)
    parser.add_argument("--refine-steps", type=int, default=1200)
    parser.add_argument("--refine-minutes", type=float, default=0.0, help="0: no limit")
    parser.add_argument("--lora-steps", type=int, default=1200)
    parser.add_argument("--style", action="append", help="which LoRA; default: all")
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
    device = pick_device(args.device)
    work, seed, workers = args.work, args.seed, args.workers
    for step in args.steps or (*STEPS, *AFTER):
        print(f"== {step}", flush=True)
        if step == "fetch":
            fetch.run(work)
        elif step == "manifest":
            manifest.run(work)
        elif step == "render":
            render.run(work)
        elif step == "tokens":
            tokens.run(work)
        elif step == "vae":
            train_vae.run(work, args.vae_steps, seed, device, workers)
        elif step == "latents":
            latents.run(work)
        elif step == "unet":
            train_unet.run(work, args.unet_steps, seed, device, workers)
        elif step == "refine":
            refine.run(work, args.refine_steps, seed, device, args.refine_minutes)
        elif step == "evaluate":
            evaluate.run(export.load_pipeline(work), work)
        elif step == "export":
            export.run(work, args.model)
        elif step == "lora":
            for style in train_lora.STYLES:
                if not args.style or style.name in args.style:
                    train_lora.run(work, style, args.loras, args.lora_steps, seed, device)
        elif step == "sheets":
            pipe = StableDiffusionXLPipeline.from_pretrained(args.model)
            pipe.set_progress_bar_config(disable=True)
            evaluate.reference_sheet(pipe, ROOT / "docs" / "starter-20-prompts.webp")
            lora_sheet.run(args.model, args.loras, ROOT / "docs" / "starter-loras.webp")


if __name__ == "__main__":
    main()
