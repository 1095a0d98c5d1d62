"""A thread-safe memo of bounded size that drops its oldest entries first."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from cachetools import FIFOCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Results of a pure function by key. Two threads may compute the same entry; both get equal results."""

    __slots__ = ("_cache", "_lock", "_size_of")

    def __init__(self, size: int, size_of: Callable[[V], int] | None = None) -> None:
        """`size` is the maximum sum of `size_of` over all entries; without it, the maximum number of entries."""
        self._cache: FIFOCache[K, V] = FIFOCache(size, size_of)
        self._size_of = size_of
        self._lock = Lock()

    def __getitem__(self, key: K) -> V:
        """Raises `KeyError`. A look-up moves nothing, so it needs no lock."""
        return self._cache[key]

    def __setitem__(self, key: K, value: V) -> None:
        """A value that is larger than the whole memo is not kept."""
        if self._size_of is not None and self._size_of(value) > self._cache.maxsize:
            return
        with self._lock:
            self._cache[key] = value

    def remembered(self, key: K, compute: Callable[[], V]) -> V:
        """The entry of `key`; computed and stored if there is none."""
        try:
            return self._cache[key]
        except KeyError:
            value = compute()
        self[key] = value
        return value

    def __len__(self) -> int:
        return len(self._cache)

    def __reduce__(self) -> tuple[type["Memo[K, V]"], tuple[Any, ...]]:  # a pickle carries no entries
        return type(self), (int(self._cache.maxsize), self._size_of)
