"""What a process opens once and shares, by key: the most recently used objects. Safe in threads and after a fork."""

import os
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shared(Generic[K, V]):
    """Objects that are expensive to open and never change. One thread opens; others that want the same wait for it."""

    def __init__(self, size: int) -> None:
        """`size` is how many objects are kept although nobody may be using them."""
        self._kept: LRUCache[K, tuple[Hashable, V]] = LRUCache(size)
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def get(self, key: K, version: Hashable, make: Callable[[], V]) -> V:
        """The object of `key`, made anew where there is none or it is of another version. Raises what `make` raises."""
        with self._lock:
            known = self._kept.get(key)
            if known is None or known[0] != version:
                known = self._kept[key] = version, make()
            return known[1]

    def clear(self) -> None:
        """Forget every object, so that the next `get` makes it anew."""
        with self._lock:
            self._kept.clear()

    def _renew_lock(self) -> None:
        self._lock = RLock()  # a thread that does not exist in the child may have held the old one
