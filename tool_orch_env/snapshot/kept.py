"""Arrays that are computed from a snapshot once and kept on disk, beside its store and by the same content.

A file is a header in JSON and the arrays' bytes. It is mapped into memory, so that opening reads little, processes
share its pages, and nothing in it is executed.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SnapshotError
from . import store

Array = Any
"""A numpy array of a type in `_TYPES`."""
Arrays = Mapping[str, Array]

_MAGIC = b"toolarr1"
_TYPES = ("|b1", "|u1", "<i2", "<i4", "<i8")
_ALIGNED = 64
_MOST_HEADER = 1 << 20


def opened(name: str, content: str, kind: str) -> Arrays | None:
    """The arrays that an earlier `keep` wrote for the snapshot `name`, `None` if there are none that can be used.

    `content` is the sum of everything that they were computed from. A file that is damaged, of another format or of
    another content counts as none: `keep` replaces it. Raises `SnapshotError` if there is no cache folder.
    """
    path = store.place_of(name, content, kind)
    try:
        return _read(path, content) if path.is_file() else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def keep(name: str, content: str, kind: str, arrays: Arrays) -> Arrays:
    """Write the arrays and open them. Raises `SnapshotError` if the cache folder cannot be written or is full."""
    path = store.place_of(name, content, kind)
    with store.replacing(path) as draft:
        _write(draft, content, arrays)
    found = opened(name, content, kind)
    if found is None:
        raise SnapshotError(f"{path}: cannot be read again", "set TOOL_ORCH_CACHE to another folder")
    return found


def _write(draft: Path, content: str, arrays: Arrays) -> None:
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    header = json.dumps({"content": content, "arrays": listed}).encode()
    with draft.open("wb") as stream:
        stream.write(_MAGIC + len(header).to_bytes(8, "little") + header)
        for array in arrays.values():
            stream.write(bytes(-stream.tell() % _ALIGNED))
            stream.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _read(path: Path, content: str) -> Arrays:
    """Raises `OSError`, `ValueError`, `TypeError` or `KeyError` if the file is not what `_write` wrote."""
    with path.open("rb") as stream:
        magic, size = stream.read(8), int.from_bytes(stream.read(8), "little")
        if magic != _MAGIC or size > _MOST_HEADER:
            raise ValueError("not a file of arrays")
        header = json.loads(stream.read(size))
    if header["content"] != content:
        raise ValueError("of another content")
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    return dict(_cut(whole, header["arrays"], 16 + size))


def _cut(whole: Array, listed: Any, at: int) -> Iterator[tuple[str, Array]]:
    for name, kind, shape in listed:
        if kind not in _TYPES or not all(isinstance(one, int) and one >= 0 for one in shape):
            raise ValueError(f"{name}: not an array")
        at += -at % _ALIGNED
        end = at + np.dtype(kind).itemsize * math.prod(shape)
        if end > len(whole):
            raise ValueError(f"{name}: cut short")
        yield name, whole[at:end].view(np.ndarray).view(kind).reshape(shape)
        at = end


class Texts:
    """Texts by number, as one array of UTF-8 bytes and one of their ends. Sorted texts can be looked up."""

    def __init__(self, data: Array, ends: Array) -> None:
        self._data, self._ends = data, ends

    @staticmethod
    def arrays(texts: list[str], name: str) -> dict[str, Array]:
        """The two arrays of these texts, named `name.data` and `name.ends`."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return {f"{name}.data": np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}.ends": ends}

    @classmethod
    def of(cls, arrays: Arrays, name: str) -> "Texts":
        """The texts in `name.data` and `name.ends`."""
        return cls(arrays[f"{name}.data"], arrays[f"{name}.ends"])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def raw(self, number: int) -> bytes:
        """The text as UTF-8."""
        start, end = self._ends[number : number + 2].tolist()
        text: bytes = self._data[start:end].tobytes()
        return text

    def __getitem__(self, number: int) -> str:
        return self.raw(number).decode("utf-8", "surrogatepass")

    def find(self, text: str) -> int:
        """The number of a text, -1 if there is none. The texts have to be sorted by their UTF-8 bytes."""
        wanted = text.encode("utf-8", "surrogatepass")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.raw(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self.raw(low) == wanted else -1
