"""`stickerstudio models`: what models there are, and how more come and go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stickerstudio.cli.context import Context
from stickerstudio.core.errors import LicenceError
from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.download import download

Add = Callable[..., argparse.ArgumentParser]


def add_commands(parser: argparse.ArgumentParser, add: Add) -> None:
    """`list` (also without a name), `add`, `download` and `remove`."""
    parser.set_defaults(command=list_models)
    commands = parser.add_subparsers(title=tr("commands"), metavar="COMMAND")
    add("list", tr("every model, installed or not"), commands).set_defaults(command=list_models)
    adding = add("add", tr("use a model that is on your disk"), commands)
    adding.add_argument("path", metavar="PATH", type=Path, help=tr("a folder or .safetensors file"))
    adding.set_defaults(command=add_model)
    fetching = add("download", tr("fetch a model from the hub or a mirror"), commands)
    fetching.add_argument("name", metavar="NAME")
    fetching.add_argument(
        "--accept-licence",
        "--accept-license",
        dest="accept_licence",
        action="store_true",
        help=tr("you have read the licence and agree"),
    )
    fetching.add_argument(
        "--endpoint", metavar="URL", help=tr("a mirror of the hub; otherwise HF_ENDPOINT")
    )
    fetching.set_defaults(command=download_model)
    removing = add("remove", tr("forget an added model, delete a downloaded one"), commands)
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(command=remove_model)


def list_models(arguments: argparse.Namespace, context: Context) -> int:
    """Every model, and the cards that cannot be read."""
    catalogue = Catalogue(context.paths)
    cards = catalogue.all()
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        where = str(card.location) if card.location else _absent(card)
        context.output.line(f"{card.name:{width}}  {card.size[0]}×{card.size[1]}  {where}")
    for problem in catalogue.problems:
        context.output.error(problem)
    context.output.result(
        {
            "models": [_described(card) for card in cards],
            "problems": [" ".join((p.what, p.why, p.todo)).strip() for p in catalogue.problems],
        }
    )
    return 0


def add_model(arguments: argparse.Namespace, context: Context) -> int:
    """Take in a model by reference."""
    card = Catalogue(context.paths).add(arguments.path)
    context.output.line(tr("Added as {name}.", name=card.name))
    context.output.result({"model": _described(card)})
    return 0


def download_model(arguments: argparse.Namespace, context: Context) -> int:
    """Fetch a model, its licence accepted.

    Raises:
        LicenceError: it was not.
    """
    catalogue = Catalogue(context.paths)
    card = catalogue.find(arguments.name)
    if card.location is not None:
        context.output.line(tr("{name} is installed already.", name=card.name))
        context.output.result({"model": _described(card)})
        return 0
    output = context.output
    output.note(f"{card.title}\n{card.licence_text}\n{card.licence_url}")
    accepted = arguments.accept_licence or _asked(context)
    if not accepted:
        raise LicenceError(
            tr("{title} has not been downloaded.", title=card.local_title),
            tr("Its licence ({licence}) has not been accepted.", licence=card.licence),
            tr("If you agree, give the command again with --accept-licence."),
        )

    def progress(done: int, total: int) -> None:
        output.progress(
            tr("{done} of {total} MB", done=f"{done / 1e6:.1f}", total=f"{total / 1e6:.1f}"),
            done=done == total,
        )

    download(  # Ctrl+C breaks it off at once, wherever it waits: what has arrived is kept
        card,
        target=catalogue.download_folder(card),
        accept_licence=accepted,
        progress=progress,
        is_cancelled=context.interrupt.is_pressed,
        endpoint=arguments.endpoint or context.settings.hub_endpoint,
    )
    card = catalogue.find(card.name)
    output.line(tr("{name} is ready.", name=card.name))
    output.result({"model": _described(card)})
    return 0


def remove_model(arguments: argparse.Namespace, context: Context) -> int:
    """Forget or delete a model."""
    Catalogue(context.paths).remove(arguments.name)
    context.output.line(tr("{name} was removed.", name=arguments.name))
    context.output.result({"removed": arguments.name})
    return 0


def _asked(context: Context) -> bool:
    """Whether somebody at a terminal says yes."""
    if context.output.as_json or not (sys.stdin and sys.stdin.isatty()):
        return False
    context.output.note(tr("Do you accept this licence? Type “yes” to download."))
    return sys.stdin.readline().strip().casefold() in ("yes", "y", tr("yes"))


def _absent(card: ModelCard) -> str:
    if card.hub is None:
        return tr("(its files are gone)")
    return tr("(not installed; {size} GB to download)", size=f"{card.hub.bytes / 1e9:.1f}")


def _described(card: ModelCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "installed": card.location is not None,
        "path": str(card.location) if card.location else None,
        "bundled": card.bundled,
        "architecture": card.architecture,
        "licence": card.licence,
        "licence_url": card.licence_url,
        "size": list(card.size),
        "steps": {"default": card.default_steps, "min": card.min_steps, "max": card.max_steps},
        "guidance_scale": card.guidance_scale,
        "trigger": card.trigger,
        "download_bytes": card.hub.bytes if card.hub else None,
    }
