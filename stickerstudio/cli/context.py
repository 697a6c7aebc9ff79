"""What every command is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stickerstudio.cli.interrupt import Interrupt
from stickerstudio.cli.output import Output
from stickerstudio.core.paths import Paths
from stickerstudio.core.settings import Settings, load


@dataclass(slots=True)
class Context:
    """The program's folders and streams.

    `partial` is what is done so far: it is part of the JSON even if the command does not finish.
    """

    paths: Paths
    output: Output
    interrupt: Interrupt
    partial: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def settings(self) -> Settings:
        """What the user chose in the window."""
        return chosen(self.paths)


def chosen(paths: Paths) -> Settings:
    """The settings that the window keeps."""
    return load(paths.state / "settings.json")
