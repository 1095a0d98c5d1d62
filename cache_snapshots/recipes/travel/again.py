"""Asks recorded calls again: a seeded sample of a snapshot against the service that it was recorded from.

It takes a spec and records, and returns the differences as texts.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from random import Random

from tool_orch_env.jsonvalues.canonical import to_text
from tool_orch_env.record.client import Client, Unkept
from tool_orch_env.record.spec import Spec
from tool_orch_env.snapshot.records import Record

AT_ONCE = 8
SEED = 0


def sampled(records: Iterable[Record], tools: Collection[str], count: int, seed: int = SEED) -> list[Record]:
    """`count` records of each tool, or all if there are fewer; drawn by `seed`, whatever their order."""
    of_tool: dict[str, list[Record]] = {tool: [] for tool in tools}
    for record in records:
        if record.tool in of_tool:
            of_tool[record.tool].append(record)
    chosen = []
    for tool, some in sorted(of_tool.items()):
        some.sort(key=lambda record: record.key)
        chosen += Random(f"{seed} {tool}").sample(some, min(count, len(some)))
    return chosen


def differences(spec: Spec, records: Sequence[Record]) -> list[str]:
    """What the API of the spec answers otherwise than the records say; a tool that it does not serve differs too."""

    async def ask() -> list[str]:
        found = []
        async with Client(spec) as client:
            for start in range(0, len(records), AT_ONCE):
                some = records[start : start + AT_ONCE]
                answers = await asyncio.gather(*(client.ask(one.tool, one.arguments) for one in some))
                for record, answer in zip(some, answers, strict=True):
                    if isinstance(answer, Unkept):
                        found.append(f"{_named(record)}: no answer: {answer.why}")
                    elif (answer.status, answer.text) != (record.status, record.text):
                        found.append(
                            f"{_named(record)}\n  recorded {record.status} {record.text[:300]}\n"
                            f"  now      {answer.status} {answer.text[:300]}"
                        )
        return found

    return asyncio.run(ask())


def _named(record: Record) -> str:
    return f"{record.tool} {to_text(record.arguments)}"
