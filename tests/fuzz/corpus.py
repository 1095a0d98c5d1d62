"""The kept inputs of a target: one zip, the same bytes for the same inputs."""

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def read(target: str) -> list[bytes]:
    """The kept inputs, none where there is no file."""
    file = FOLDER / f"{target}.zip"
    if not file.exists():
        return []
    with zipfile.ZipFile(file) as kept:
        return [kept.read(name) for name in kept.namelist()]


def write(target: str, inputs: Iterable[bytes]) -> None:
    """Keep these inputs, each once, named by content."""
    named = {hashlib.blake2b(data, digest_size=8).hexdigest(): data for data in inputs}
    FOLDER.mkdir(exist_ok=True)
    with zipfile.ZipFile(FOLDER / f"{target}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as kept:
        for name in sorted(named):
            kept.writestr(zipfile.ZipInfo(name, _LONG_AGO), named[name], zipfile.ZIP_DEFLATED)
