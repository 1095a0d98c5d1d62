"""The toy on a store that can be told to fail, as a disk or a file that is gone fails."""

from functools import cached_property

import toy as toys

from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.store import Recorded


class Failing:
    """The toy's responses; once `error` is set, every look-up raises it, or that of the key `only`."""

    def __init__(self) -> None:
        made = toys.snapshot()
        self.records = {record.key: Recorded(record.status, record.text) for record in made.records()}
        self.error: Exception | None = None
        self.only: str | None = None

    def get(self, key: str, /) -> Recorded | None:
        if self.error is not None and self.only in (None, key):
            raise self.error
        return self.records.get(key)

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def snapshot(self) -> Snapshot:
        tools = toys.catalog()
        return Snapshot("toy", tools, self, {}, splits={"train": toys.tasks()}, records=toys.records(tools))

    @cached_property
    def factory(self) -> SessionFactory:
        """What plays the toy's tasks on this store."""
        return SessionFactory(snapshot=self.snapshot)
