"""Step ``fetch``: get the pinned packages with the npm client, check them, unpack them."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path

from recipes.starter.sources import ART, EMOJIBASE, Package


def integrity(path: Path) -> str:
    """npm's integrity value of a file: ``sha512-`` and the base64 of the digest."""
    digest = hashlib.sha512(path.read_bytes()).digest()
    return "sha512-" + base64.b64encode(digest).decode()


def fetch_package(package: Package, work: Path) -> Path:
    """Return the folder of the unpacked package, downloading it if it is not there yet."""
    folder = work / "packages" / package.folder
    if (folder / "package.json").exists():
        return folder
    downloads = work / "npm"
    downloads.mkdir(parents=True, exist_ok=True)
    tarball = downloads / package.tarball
    if not tarball.exists() or integrity(tarball) != package.integrity:
        subprocess.run(
            ["npm", "pack", package.spec, "--silent"], cwd=downloads, check=True, timeout=600
        )
    if integrity(tarball) != package.integrity:
        raise RuntimeError(f"{package.spec} is not the file it was; refusing to use it")
    partial = folder.with_suffix(".partial")
    with tarfile.open(tarball) as archive:
        archive.extractall(partial, filter="data")
    (partial / "package").rename(folder)
    partial.rmdir()
    return folder


def run(work: Path) -> None:
    """Fetch the word lists and every art set."""
    for package in (EMOJIBASE, *(art.package for art in ART)):
        folder = fetch_package(package, work)
        print(f"fetch: {package.spec} in {folder.name}", flush=True)
