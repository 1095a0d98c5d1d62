"""A cache of objects that a process opens once and shares. Safe in threads and after a fork."""

import os
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shared(Generic[K, V]):
    """An LRU cache of objects that are expensive to open and never change.

    One thread opens an object while all others wait.
    """

    def __init__(self, size: int) -> None:
        """`size` is the maximum number of objects kept, in use or not."""
        self._kept: LRUCache[K, tuple[Hashable, V]] = LRUCache(size)
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def get(self, key: K, version: Hashable, make: Callable[[], V]) -> V:
        """The object of `key`; `make` builds it if there is none of this version. Raises what `make` raises."""
        with self._lock:
            known = self._kept.get(key)
            if known is None or known[0] != version:
                known = self._kept[key] = version, make()
            return known[1]

    def clear(self) -> None:
        """Forget every object."""
        with self._lock:
            self._kept.clear()

    def _renew_lock(self) -> None:
        self._lock = RLock()  # the old lock may be held by a thread that the child does not have
