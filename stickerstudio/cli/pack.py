"""`stickerstudio pack`: packs for chat platforms: export, check, import."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stickerstudio.cli.arguments import as_typed
from stickerstudio.cli.context import Context
from stickerstudio.core.errors import BadInputError, Cancelled, NotFoundError
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.finish.fit import Fitted
from stickerstudio.packs import emoji, export
from stickerstudio.packs import pack as projects
from stickerstudio.packs.check import FIXES, Problem, judge
from stickerstudio.packs.check_files import check_finished
from stickerstudio.packs.importing import write_import
from stickerstudio.packs.pack import Pack, PackSticker
from stickerstudio.packs.platform import Platform
from stickerstudio.packs.platforms import PLATFORMS, find
from stickerstudio.packs.reading import read_any, read_packs

Add = Callable[..., argparse.ArgumentParser]

REFUSED = 3  # of `check`, as for everything else on the user's side


def add_commands(parser: argparse.ArgumentParser, add: Add) -> None:
    """`export`, `check` and `import`."""
    commands = parser.add_subparsers(title=tr("commands"), metavar="COMMAND", required=True)
    exporting = add("export", tr("make a pack that the platforms accept"), commands)
    exporting.add_argument(
        "stickers", metavar="STICKER", nargs="*", help=tr("a sticker's id, or a picture file")
    )
    exporting.add_argument("--project", metavar="FILE", type=Path, help=tr("a saved pack"))
    exporting.add_argument(
        "--to",
        metavar="PLATFORM,…",
        required=True,
        type=_platforms,
        help=", ".join(platform.key for platform in PLATFORMS),
    )
    exporting.add_argument(
        "-o", dest="folder", metavar="DIR", type=Path, required=True, help=tr("put it into here")
    )
    exporting.add_argument("--title", metavar="T", help=tr("the pack's name"))
    exporting.add_argument("--author", metavar="A", help=tr("who made it"))
    exporting.add_argument(
        "--fix",
        action="store_true",
        help=tr("also do what loses something: shorten texts, still pictures, leave out"),
    )
    exporting.set_defaults(command=export_pack)
    checking = add("check", tr("say what a platform would refuse; then the code is 3"), commands)
    checking.add_argument("path", metavar="FILE_OR_DIR", type=Path)
    checking.add_argument(
        "--for", dest="platform", metavar="PLATFORM", type=_platform, required=True
    )
    checking.set_defaults(command=check_pack)
    importing = add("import", tr("take the stickers out of a pack, folder or archive"), commands)
    importing.add_argument("path", metavar="FILE", type=Path)
    importing.add_argument(
        "-o", dest="folder", metavar="DIR", type=Path, required=True, help=tr("put them into here")
    )
    importing.set_defaults(command=import_pack)


def export_pack(arguments: argparse.Namespace, context: Context) -> int:
    """Make every pack that was asked for; the first that cannot be made ends it.

    Raises:
        BadInputError: a platform would not take it.
        NotFoundError: a sticker is not there.
    """
    pack = _pack_from(arguments, context)
    done: list[dict[str, Any]] = []
    context.partial["packs"] = done
    looks = [export.look(sticker.source) for sticker in pack.stickers]
    with context.interrupt.polled():
        for platform in arguments.to:
            allowed = frozenset((platform.key, fix) for fix in FIXES if arguments.fix)
            wanted = replace(pack, accepted=pack.accepted | allowed)
            plan = export.plan_export(wanted, platform, looks)
            made: list[Fitted] = []
            for number, job in enumerate(plan.jobs):
                if context.interrupt.is_pressed():
                    raise Cancelled
                made.append(export.run(job))
                context.output.progress(
                    tr(
                        "{platform}: file {n} of {total}",
                        platform=platform.title,
                        n=number + 1,
                        total=len(plan.jobs),
                    ),
                    done=number + 1 == len(plan.jobs),
                )
            place = export.write_export(plan, made, arguments.folder.expanduser())
            for note in plan.notes:
                context.output.note(note)
            context.output.line(str(place))
            done.append(
                {
                    "platform": platform.key,
                    "path": str(place),
                    "packs": len(plan.parts),
                    "notes": list(plan.notes),
                    "files": [
                        {
                            "source": str(job.source),
                            "bytes": len(fitted.data),
                            "max_bytes": job.rule.max_bytes,
                            "format": fitted.format,
                            "lossless": fitted.is_lossless,
                        }
                        for job, fitted in zip(plan.jobs, made, strict=True)
                    ],
                }
            )
    context.output.result(context.partial)
    return 0


def check_pack(arguments: argparse.Namespace, context: Context) -> int:
    """Say what would be refused.

    Returns:
        0 where nothing would be, REFUSED otherwise.
    """
    path, platform = arguments.path.expanduser(), arguments.platform
    if path.name.endswith(projects.SUFFIX):
        pack = projects.load(path)
        looks = [export.look(sticker.source) for sticker in pack.stickers]
        problems = judge(pack, platform, looks).problems
    else:
        problems = [
            problem for pack in read_packs(path) for problem in check_finished(pack, platform)
        ]
    refused = [problem for problem in problems if not problem.is_settled]
    for problem in problems:
        mark = "✓" if problem.is_settled else "✗"
        fix = f" [{problem.fix}]" if problem.fix and not problem.is_settled else ""
        context.output.line(f"{mark} {problem.text}{fix}")
    if not refused:
        context.output.line(tr("{platform} would accept it.", platform=platform.title))
    context.output.result(
        {
            "platform": platform.key,
            "accepted": not refused,
            "problems": [_described(problem) for problem in problems],
            "sources": list(platform.sources),
        }
    )
    return REFUSED if refused else 0


def import_pack(arguments: argparse.Namespace, context: Context) -> int:
    """Put the stickers of a pack into a folder, as they are, with a project beside them."""
    found = read_any(arguments.path.expanduser())
    pack, project = write_import(found, arguments.folder.expanduser())
    for problem in found.problems:
        context.output.note(problem)
    place, count = project.parent, len(pack.stickers)
    context.output.line(
        tr_n("One sticker in {path}.", "{n} stickers in {path}.", count, path=place)
    )
    context.output.result(
        {
            "path": str(place),
            "project": str(project),
            "title": pack.title,
            "author": pack.author,
            "stickers": [
                {"path": str(one.source), "emoji": list(one.emoji), "text": one.text}
                for one in pack.stickers
            ],
            "problems": list(found.problems),
        }
    )
    return 0


def _pack_from(arguments: argparse.Namespace, context: Context) -> Pack:
    """The project, or a pack of the stickers that were named, with emoji after their prompts."""
    if bool(arguments.project) == bool(arguments.stickers):
        raise BadInputError(
            tr("It is not clear which stickers are meant."),
            tr("Either stickers or --project are needed, and not both."),
            tr("Name some stickers, or a saved pack."),
        )
    if arguments.project:
        pack = projects.load(arguments.project.expanduser())
    else:
        pack = Pack(tr("Stickers"), "Sticker Studio", "", _stickers(arguments.stickers, context))
    title, author = arguments.title, arguments.author
    return replace(
        pack,
        title=pack.title if title is None else as_typed(title),
        author=pack.author if author is None else as_typed(author),
    )


def _stickers(names: Sequence[str], context: Context) -> tuple[PackSticker, ...]:
    found: list[PackSticker] = []
    with Library(context.paths.library) as library:
        for name in map(as_typed, names):
            path = Path(name).expanduser()
            if path.is_file():
                recipe = read_recipe(path)
                text = path.stem if recipe is None else recipe.prompt
            else:
                sticker = library.get(name)
                path, text = sticker.path, sticker.recipe.prompt
            found.append(PackSticker(path.absolute(), emoji.suggest(text), text))
    return tuple(found)


def _described(problem: Problem) -> dict[str, Any]:
    return {
        "limit": problem.limit,
        "text": problem.text,
        "sticker": None if problem.sticker is None else problem.sticker + 1,
        "fix": problem.fix,
        "settled": problem.is_settled,
    }


def _platform(key: str) -> Platform:
    try:
        return find(key)
    except NotFoundError as error:
        raise argparse.ArgumentTypeError(f"{error.what} {error.todo}") from error


def _platforms(keys: str) -> tuple[Platform, ...]:
    return tuple(_platform(key.strip()) for key in keys.split(",") if key.strip())
