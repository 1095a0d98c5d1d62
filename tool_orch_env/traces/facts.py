"""The facts that a trace's own answer states, as far as they can be told.

A fact is a value of a reply that the answer states and that was asked for: a word of its name is in the request, which
does not hold the value itself. It is no argument of a call, and no small number in a list, which coincides by chance.
In the end the trace's answer is read as any answer is, and what is not read from it in full is no fact. So an agent
that answers as the trace did states every fact; whether it should have stated more, nobody can tell.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..answers.mentions import mentions
from ..answers.oracle import oracle_turns
from ..answers.text import folded
from ..answers.words import concepts, of_name
from ..calls.types import Turn
from ..episode import Episode, EpisodeLimits
from ..jsonvalues import pointer
from ..jsonvalues.scalars import form, small
from ..snapshot import Snapshot
from ..task import AnswerFact, Task
from ..taskset import TaskSet

MOST = 12
"""An answer that states more values than this lists them; none is a fact."""
_LONGEST = 80


def with_facts(task: Task, answer: str, replies: Mapping[str, Any], snapshot: Snapshot) -> Task:
    """The task with the facts that `answer` states, without any if none can be told. `replies` are by golden call."""
    facts = list(_stated(task, answer, replies)) if answer else []
    if not facts or len(facts) > MOST:
        return task
    for _ in range(2):  # a fact that is left out may change how the others are read
        found = task.model_copy(update={"answer": tuple(facts)})
        read = _read(found, answer, snapshot)
        if read == facts:
            return found
        facts = read
    return task


def _stated(task: Task, answer: str, replies: Mapping[str, Any]) -> Iterator[AnswerFact]:
    asked = {concept for _, concept in concepts(folded(task.request))}
    said = {concept for _, concept in concepts(folded(answer))}
    used = {form(value) for call in task.golden for _, value in pointer.leaves(call.arguments)}
    best: dict[str, tuple[int, AnswerFact]] = {}
    for rank, call in enumerate(task.golden):
        for place, value in pointer.leaves(replies.get(call.id)):
            name = _name(place)
            words = set(of_name(name))
            if not _can_be_fact(value) or form(value) in used or not words & asked:
                continue
            if small(value) and (_in_list(place) or not words & said):
                continue
            if not mentions(answer, value) or mentions(task.request, value):
                continue
            weight = 10 * len(words & asked) + 5 * len(words & said) + rank
            known = best.get(str(form(value)))
            if known is None or weight > known[0]:
                best[str(form(value))] = (
                    weight,
                    AnswerFact(name=name, value=value, call=call.id, pointer=place),
                )
    names: set[str] = set()
    for _, fact in best.values():
        name, number = fact.name, 1
        while name in names:
            number += 1
            name = f"{fact.name}_{number}"
        names.add(name)
        yield fact.model_copy(update={"name": name})


def _name(place: str) -> str:
    return next((token for token in reversed(place.split("/")) if token and not token.isdecimal()), "")


def _in_list(place: str) -> bool:
    """Whether a value is in an element of a list: many elements hold the same small number."""
    return any(token.isdecimal() for token in place.split("/"))


def _can_be_fact(value: Any) -> bool:
    if isinstance(value, str):
        return 1 < len(value) <= _LONGEST and value == value.strip()
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _read(task: Task, answer: str, snapshot: Snapshot) -> list[AnswerFact]:
    """The facts that the reader finds in the answer in full, after the golden calls."""
    turns = [*oracle_turns(task)[:-1], Turn(answer=answer)]
    episode = Episode(TaskSet(snapshot, [task]).compiled(task.id), limits=EpisodeLimits(max_turns=len(turns)))
    for turn in turns:
        episode.step(turn)
    episode.check()
    return [fact for fact, read in zip(task.answer, episode.readings, strict=True) if read.share == 1.0]
