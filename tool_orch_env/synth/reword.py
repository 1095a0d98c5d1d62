"""Rewording requests with a model behind an OpenAI-compatible endpoint.

Only the request is sent, nothing of a golden response. A new wording is accepted only if

- it states every value that the original request stated for golden calls and picks;
- the audit finds nothing: no value that only a response supplies, no fact stated.

Otherwise the task keeps its request. Rejected and failed attempts are counted.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from ..answers.mentions import mentions
from ..errors import UsageError
from ..snapshot import Snapshot
from ..task import Task
from .audit import audit

PROMPT = (
    "Rewrite the user's request as another person might write it. Keep its meaning and every name, number, date, "
    "time and code exactly as they are; add no facts and answer nothing. Reply with the request alone."
)
MAX_REPLY = 1 << 20
"""Maximum bytes read of a reply."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible API. `url` is its base, including `/v1`; `timeout` is in seconds per request."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0
    temperature: float = 0.8

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise UsageError(
                f"reword: expected a URL that begins with http:// or https://, found {self.url!r}"
            )

    def ask(self, request: str) -> str:
        """The endpoint's wording of a request. Raises `OSError` or `ValueError` if there is none."""
        body = {
            "model": self.model,
            "temperature": self.temperature,
            "messages": [{"role": "system", "content": PROMPT}, {"role": "user", "content": request}],
        }
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        url = f"{self.url.rstrip('/')}/chat/completions"
        asked = Request(url, json.dumps(body).encode(), headers)
        with urlopen(asked, timeout=self.timeout) as answered:
            found: Any = json.loads(answered.read(MAX_REPLY))
        try:
            return str(found["choices"][0]["message"]["content"]).strip()
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(f"expected choices[0].message.content in the reply: {error}") from error


@dataclass
class Reworded:
    """Counts: tasks reworded, wordings rejected, and attempts without a usable reply."""

    accepted: int = 0
    refused: int = 0
    failed: int = 0


def reword(
    tasks: Iterable[Task], snapshot: Snapshot, endpoint: Endpoint, counts: Reworded, tries: int = 2
) -> Iterator[Task]:
    """The tasks, each reworded if one of `tries` attempts is accepted. Adds to `counts`."""
    for task in tasks:
        yield _reworded(task, snapshot, endpoint, counts, tries)


def _reworded(task: Task, snapshot: Snapshot, endpoint: Endpoint, counts: Reworded, tries: int) -> Task:
    for _ in range(tries):
        try:
            words = endpoint.ask(task.request)
        except (URLError, OSError, ValueError):
            counts.failed += 1
            continue
        other = task.model_copy(
            update={"request": words, "meta": {**task.meta, "reworded_by": endpoint.model}}
        )
        if faithful(task, other, snapshot):
            counts.accepted += 1
            return other
        counts.refused += 1
    return task


def faithful(task: Task, other: Task, snapshot: Snapshot) -> bool:
    """Whether `other` states every value that the request of `task` states, and the audit finds nothing."""
    try:
        other.to_json().encode()
    except UnicodeEncodeError:
        return False
    stated = [value for value in _values(task) if mentions(task.request, value)]
    return all(mentions(other.request, value) for value in stated) and not audit(other, snapshot)


def _values(task: Task) -> Iterator[Any]:
    """What a request of this task may have to state."""
    for call in task.golden:
        yield from call.arguments.values()
    for pick in task.meta.get("picks", ()):
        if "value" in pick["criterion"]:
            yield pick["criterion"]["value"]
