"""`stickerstudio loras`: the shelf of LoRAs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stickerstudio.cli.arguments import lora_weight, shelf_name, whole
from stickerstudio.cli.context import Context
from stickerstudio.core.errors import report
from stickerstudio.core.i18n import tr
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraInfo, LoraShelf

Add = Callable[..., argparse.ArgumentParser]


def add_commands(parser: argparse.ArgumentParser, add: Add) -> None:
    """`list` (also without a name), `show`, `add`, `remove` and `fuse`."""
    parser.set_defaults(command=list_loras)
    commands = parser.add_subparsers(title=tr("commands"), metavar="COMMAND")
    add("list", tr("every LoRA"), commands).set_defaults(command=list_loras)
    showing = add("show", tr("what a LoRA is and how to use it"), commands)
    showing.add_argument("name", metavar="NAME")
    showing.set_defaults(command=show_lora)
    adding = add("add", tr("copy a .safetensors file to your LoRAs"), commands)
    adding.add_argument("file", metavar="FILE", type=Path)
    adding.set_defaults(command=add_lora)
    removing = add("remove", tr("delete one of your LoRAs"), commands)
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(command=remove_lora)
    fusing = add("fuse", tr("save a blend as one LoRA file"), commands)
    fusing.add_argument("loras", metavar="NAME=WEIGHT", type=lora_weight, nargs="+")
    fusing.add_argument(
        "--model", metavar="NAME|PATH", default="starter", help=tr("the model they are for")
    )
    how = fusing.add_mutually_exclusive_group()
    how.add_argument(
        "--method",
        choices=("exact", "svd", "ties", "dare"),
        default="svd",
        help=tr("exact: the ranks add up; svd: the nearest of one rank; ties, dare: less clashing"),
    )
    how.add_argument(
        "--exact", dest="method", action="store_const", const="exact", help="--method exact"
    )
    fusing.add_argument(
        "--rank", metavar="R", type=whole(1, 1024), default=32, help=tr("of the result; 32")
    )
    fusing.add_argument(
        "--keys",
        choices=("diffusers", "kohya"),
        default="diffusers",
        help=tr("whose names the file uses"),
    )
    fusing.add_argument(
        "-o", dest="file", metavar="FILE", type=Path, required=True, help=tr("the file to write")
    )
    fusing.set_defaults(command=fuse_loras)


def list_loras(arguments: argparse.Namespace, context: Context) -> int:
    """Every LoRA, and the files that cannot be read."""
    shelf = LoraShelf(context.paths)
    infos, damaged = shelf.all(), shelf.damaged()
    width = max((len(info.name) for info in infos), default=0)
    for info in infos:
        words = ", ".join(info.trigger_words)
        context.output.line(
            f"{info.name:{width}}  {info.recommended_weight:+.2f}  {words}".rstrip()
        )
    for error in damaged:
        context.output.error(report(error))
    context.output.result(
        {
            "loras": [_described(info) for info in infos],
            "problems": [str(error) for error in damaged],
        }
    )
    return 0


def show_lora(arguments: argparse.Namespace, context: Context) -> int:
    """All that is known of one LoRA."""
    described = _described(LoraShelf(context.paths).find(arguments.name))
    width = max(map(len, described))
    for key, value in described.items():
        text = ", ".join(value) if isinstance(value, list) else value
        if text not in (None, ""):
            context.output.line(f"{key:{width}}  {text}")
    context.output.result({"lora": described})
    return 0


def add_lora(arguments: argparse.Namespace, context: Context) -> int:
    """Check a file and put it on the shelf."""
    info = LoraShelf(context.paths).add(arguments.file.expanduser())
    context.output.line(tr("Added as {name}.", name=info.name))
    context.output.result({"lora": _described(info)})
    return 0


def remove_lora(arguments: argparse.Namespace, context: Context) -> int:
    """Delete one of the user's LoRAs."""
    LoraShelf(context.paths).remove(arguments.name)
    context.output.line(tr("{name} was removed.", name=arguments.name))
    context.output.result({"removed": arguments.name})
    return 0


def fuse_loras(arguments: argparse.Namespace, context: Context) -> int:
    """Save a blend as one file, for this program and others."""
    shelf = LoraShelf(context.paths)
    named = [(shelf.find(shelf_name(shelf, name)), weight) for name, weight in arguments.loras]
    location = Catalogue(context.paths).find(arguments.model).installed_at()
    from stickerstudio.engine.fuse import Ingredient, fuse  # imports torch: only now
    from stickerstudio.engine.fuse_targets import shapes_of

    # a single checkpoint has SDXL's own shapes, which come with the program
    modules = shapes_of(location if location.is_dir() else context.paths.resources / "sdxl")

    def progress(done: int, total: int) -> None:
        context.output.progress(tr("Layer {n} of {total}", n=done, total=total), done=done == total)

    with context.interrupt.polled():
        made = fuse(
            [Ingredient.of(info, weight) for info, weight in named],
            modules,
            arguments.file.expanduser().absolute(),
            method=arguments.method,
            rank=arguments.rank,
            key_format=arguments.keys,
            progress=progress,
            is_cancelled=context.interrupt.is_pressed,
        )
    lost = tr("{percent} % lost", percent=f"{100 * made.relative_error:.2f}")
    context.output.line(f"{made.path} ({lost})")
    context.output.result({"lora": asdict(made) | {"path": str(made.path)}})
    return 0


def _described(info: LoraInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "title": info.title,
        "path": str(info.path),
        "bundled": info.bundled,
        "family": info.family,
        "format": info.format,
        "trigger_words": list(info.trigger_words),
        "recommended_weight": info.recommended_weight,
        "base_model": info.base_model,
        "rank": info.rank,
        "alpha": info.alpha,
        "author": info.author,
        "licence": info.licence,
        "size_bytes": info.size_bytes,
    }
