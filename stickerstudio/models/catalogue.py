"""The models there are: bundled with the program, downloadable, and added by the user.

The user's folder of models holds a `NAME/` with a card.json for each downloaded model, and a
`NAME.json` for each model added from elsewhere on the disk: the card, and where the model is.
Nothing is copied, and forgetting an added model leaves its files alone.
"""

from __future__ import annotations

import difflib
import itertools
import os
import shutil
import uuid
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import (
    BadInputError,
    ErrorReport,
    NotFoundError,
    StudioError,
    disk_errors,
    report,
)
from stickerstudio.core.i18n import tr
from stickerstudio.core.paths import Paths
from stickerstudio.models.cards import ModelCard, card_json, is_name, read_card
from stickerstudio.models.identify import identify

_INDEX = "model_index.json"


class Catalogue:
    """All models, read anew at each call, so that two windows see what the other one added."""

    def __init__(self, paths: Paths) -> None:
        self._bundled = paths.bundled_models
        self._own = paths.models
        self._problems: tuple[ErrorReport, ...] = ()

    @property
    def problems(self) -> tuple[ErrorReport, ...]:
        """Why some cards were left out of the last list."""
        return self._problems

    def all(self) -> list[ModelCard]:
        """Every model, installed or not: the bundled starter first, then by title."""
        problems: list[ErrorReport] = []
        cards: dict[str, ModelCard] = {}
        for file in sorted(self._bundled.glob("*/card.json")):
            try:
                card, _ = read_card(file)
            except StudioError as error:
                problems.append(report(error))
                continue
            here = file.parent if (file.parent / _INDEX).is_file() else None
            cards[card.name] = replace(card, location=here, bundled=here is not None)
        for card in self._users_cards(problems):
            known = cards.get(card.name)
            if known is None:
                cards[card.name] = card
            elif known.location is None:  # the downloadable model, now installed
                cards[card.name] = replace(known, location=card.location)
        self._problems = tuple(problems)
        return sorted(cards.values(), key=lambda card: (not card.bundled, card.title.casefold()))

    def installed(self) -> list[ModelCard]:
        """The models that can be used now."""
        return [card for card in self.all() if card.location is not None]

    def find(self, name_or_path: str) -> ModelCard:
        """The model of that name, or the one at that path, which need not have been added.

        Raises:
            NotFoundError: there is none; the sentence offers names that are near.
            BadFileError: the path holds something else (see `identify`).
        """
        cards = {card.name: card for card in self.all()}
        named = cards.get(name_or_path) or cards.get(name_or_path.lower())
        if named is not None:
            return named
        path = Path(name_or_path).expanduser()
        if name_or_path and _exists(path):
            location = path.absolute()
            for card in cards.values():
                if card.location is not None and _same(card.location, location):
                    return card
            return replace(identify(location), name=str(location))
        near = difflib.get_close_matches(name_or_path.lower(), cards, n=3, cutoff=0.4)
        raise NotFoundError(
            tr("There is no model {name}.", name=name_or_path),
            tr("Did you mean {names}?", names=", ".join(near)) if near else "",
            tr("There are: {names}.", names=", ".join(cards)),
        )

    def add(self, path: Path) -> ModelCard:
        """Take in the SDXL folder or .safetensors file at `path`, by reference.

        Adding what is already there gives the card it has. A folder with the name of a model that
        can be downloaded becomes that model.

        Raises:
            NotFoundError, DiskError: it is not there, or the catalogue cannot be written.
            BadFileError: it is something else, or damaged (see `identify`).
        """
        location = path.expanduser().absolute()
        found = identify(location)
        cards = {card.name: card for card in self.all()}
        for card in cards.values():
            if card.location is not None and _same(card.location, location):
                return card
        known = cards.get(found.name)
        if known is None:
            card = found
        elif known.location is not None:
            card = replace(found, name=_free_name(found.name, cards))
        else:  # it can be downloaded and need not be, or its files have moved to here
            card = replace(known if known.hub else found, location=location)
        file = self._own / f"{card.name}.json"
        with disk_errors(file):
            self._own.mkdir(parents=True, exist_ok=True)
            write_text_atomic(file, card_json(card, location))
        return card

    def remove(self, name: str) -> None:
        """Forget an added model, or delete a downloaded one (and what is left of a download).

        Raises:
            BadInputError: it came with the program.
            NotFoundError: there is no such model, or it is not installed.
            DiskError: it could not be deleted.
        """
        card = self.find(name)
        if card.bundled:
            raise BadInputError(
                tr("{title} cannot be removed.", title=card.local_title),
                tr("It came with Sticker Studio."),
                tr("Choose another model instead; this one does no harm."),
            )
        file, folder = self._own / f"{card.name}.json", self.download_folder(card)
        found = False
        if is_name(card.name):
            for path in (file, folder, partial_folder(folder)):
                if os.path.lexists(path):
                    found = True
                    with disk_errors(path):
                        _delete(path)
        if not found:
            raise NotFoundError(
                tr("{title} cannot be removed.", title=card.local_title),
                tr("It is not in your list of models."),
                "",
            )

    def download_folder(self, card: ModelCard) -> Path:
        """Where a download of `card` belongs."""
        return self._own / card.name

    def _users_cards(self, problems: list[ErrorReport]) -> Iterator[ModelCard]:
        """Cards of downloaded and added models; the name of the file is the name of the model."""
        for file in sorted(self._own.glob("*.json")):
            if not is_name(file.stem):
                continue
            try:
                card, location = read_card(file)
            except StudioError as error:
                problems.append(report(error))
                continue
            card = replace(card, name=file.stem, location=location, bundled=False, hub=None)
            if location is None or not _exists(location):
                card = replace(card, location=None)
                problems.append(report(_gone(card, location)))
            yield card
        for file in sorted(self._own.glob("*/card.json")):
            if not is_name(file.parent.name):
                continue  # what is left of a deletion or a download
            try:
                card, _ = read_card(file)
            except StudioError as error:
                problems.append(report(error))
                continue
            yield replace(card, name=file.parent.name, location=file.parent, bundled=False)


def partial_folder(target: Path) -> Path:
    """Where a download that is to become `target` gathers its files. No model can be named so."""
    return target.with_name(f".{target.name}.download")


def _free_name(wish: str, taken: Container[str]) -> str:
    return next(name for n in itertools.count(2) if (name := f"{wish}-{n}") not in taken)


def _gone(card: ModelCard, location: Path | None) -> NotFoundError:
    return NotFoundError(
        tr("{title} is not installed.", title=card.local_title),
        tr("Its files are no longer at {path}.", path=location),
        tr("Put them back, or add the model again from where it is now."),
    )


def _exists(path: Path) -> bool:
    """Whether something is there; a path that cannot even be asked for is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _delete(path: Path) -> None:
    """Delete a file, link or folder. A folder leaves the list at once, whatever stops half-way."""
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    doomed = path.with_name(f".{path.name.strip('.')}.{uuid.uuid4().hex[:8]}.deleted")
    path.rename(doomed)
    shutil.rmtree(doomed)
