"""Arguments in, exit code out: finds the command and turns how it ends into a code."""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from stickerstudio import __version__
from stickerstudio.cli import doctor, finish, generate, loras, models, pack, train
from stickerstudio.cli.context import Context, chosen
from stickerstudio.cli.interrupt import Interrupt
from stickerstudio.cli.output import Output
from stickerstudio.core.errors import Cancelled, StudioError, report
from stickerstudio.core.i18n import set_language, system_language, tr
from stickerstudio.core.paths import Paths

INTERRUPTED = 130  # 128 + SIGINT, as shells count


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: without the program's name.

    Returns:
        0 done, 2 wrong usage, 3 something on the user's side, 4 a fault of ours, 130 interrupted.
    """
    _speak(Paths.default())
    try:
        parsed = _parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said what is wrong, or shown the help
        return end.code if isinstance(end.code, int) else 2
    output = Output(as_json=parsed.json)
    command = cast("Callable[[argparse.Namespace, Context], int]", parsed.command)
    with Interrupt() as interrupt:
        context = Context(Paths.default(parsed.library), output, interrupt)
        try:
            with output.only_mine():
                return command(parsed, context)
        except (Cancelled, KeyboardInterrupt):
            output.note(tr("Stopped."))
            output.result({"interrupted": True, **context.partial})
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001 — the last stop: everything becomes a code
            if interrupt.is_pressed():  # an import that Ctrl+C broke off says so in its own way
                output.result({"interrupted": True, **context.partial})
                return INTERRUPTED
            return _failed(error, context)


def _failed(error: Exception, context: Context) -> int:
    details = "" if isinstance(error, StudioError) else traceback.format_exc()
    told = report(error, details)
    context.output.error(told)
    words = {"kind": told.kind, "what": told.what, "why": told.why, "todo": told.todo}
    context.output.result({"error": words, **context.partial})
    return told.to_error().exit_code


def _speak(paths: Paths) -> None:
    """Answer in the language of the settings, else the system's; English where it is missing."""
    language = chosen(paths).language or system_language()
    with suppress(OSError):
        set_language(language, paths.locales)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stickerstudio",
        description=tr("Type a sentence, get a sticker. Without arguments the window opens."),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"stickerstudio {__version__}")
    _add_common(parser, default=None)
    commands: Any = parser.add_subparsers(
        title=tr("commands"), metavar="COMMAND", dest="command_name", required=True
    )

    def add(name: str, help_text: str, to: Any = commands) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = to.add_parser(
            name, help=help_text, description=help_text, allow_abbrev=False
        )
        _add_common(sub, default=argparse.SUPPRESS)
        return sub

    generate.add_arguments(add("generate", tr("make stickers from a sentence")))
    finish.add_arguments(add("finish", tr("cut out, outline, caption or animate a picture")))
    models.add_commands(add("models", tr("list, add, download or remove models")), add)
    loras.add_commands(add("loras", tr("list, show, add, remove or fuse LoRAs")), add)
    train.add_arguments(add("train", tr("train a style on a folder of drawings")))
    pack.add_commands(add("pack", tr("make, check or open sticker packs")), add)
    doctor.add_arguments(add("doctor", tr("check this computer, the models and the LoRAs")))
    return parser


def _add_common(parser: argparse.ArgumentParser, default: object) -> None:
    """Options that every command knows, before and after its name."""
    parser.add_argument(
        "--library",
        metavar="DIR",
        type=_folder,
        default=default,
        help=tr("keep the stickers in this folder"),
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=False if default is None else default,
        help=tr("print one JSON object on stdout, and nothing else there"),
    )


def _folder(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(tr("a folder is needed"))
    return Path(text).expanduser()
