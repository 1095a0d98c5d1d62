"""The seam of every recording: answers go in one by one, and a snapshot's folder comes out.

A `Recorder` checks each call by its tool's schema, masks secrets, keeps the answer in a journal next to the folder
(`<folder>.journal.jsonl`, synced before `add` returns), refuses a second answer that differs from the first, and writes
the folder whole. It does not know where answers come from: `http.py` asks an API, other sources call `add` themselves.

The folder's bytes depend only on the calls, their answers and what the caller says of them, not on the clock, the order
of `add`, or how often the recording was stopped.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from .._deprecated import moved
from ..errors import SnapshotError, UsageError
from ..jsonvalues.canonical import canonical, replay_key, to_text
from ..jsonvalues.decode import parse_json
from ..snapshot.catalog import Catalog
from ..snapshot.folder import write
from ..snapshot.records import Record, make_record
from ..snapshot.store import Recorded
from ..task import Task
from .journal import Entry, Journal
from .scrub import SHORTEST, Scrub
from .tools import AnyTool, catalog_of

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""What the name of a snapshot looks like."""
_TASK = r"[ !#-?A-\[\]-~]*"
"""What the id of a task with its own answers looks like: it is part of a key in the journal."""
_PROBE = "probe:"
"""How the keys of probes begin in the journal; they are never written to the folder."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_NOT_GIVEN: Any = object()


class Call(NamedTuple):
    """A valid call. Two calls with the same replay `key` are the same call.

    The key of a call whose answer only one task sees is followed by `@` and the task's id.
    """

    key: str
    tool: str
    arguments: dict[str, Any]


class Recorder:
    """Records answers and writes them as a snapshot. Use it as a context manager.

    Arguments
    - `folder`: the snapshot's folder, written by `finish`. The journal lies next to it; a recorder that finds one
      resumes it.
    - `tools`: a `Catalog`, or OpenAI function tools. A tool may also be an entry of `tools.json`, with `sources`,
      `set_like` and so on.
    - `name`, `version`, `licence`, `sources`, `captured`, `notice`: what the manifest and `NOTICE.md` say. Without
      `captured`, the manifest has the days of the answers whose time was given, or "".
    - `secrets`: texts of at least 6 characters that are masked in everything that is kept.
    - `files`: tool name -> stem of the file with its answers, `responses` by default.
    - `fingerprint`: identifies what decides the answers; a journal with another one is refused. By default, that of the
      tools. A journal with the fingerprint `earlier`, that of version 0.1.0, is accepted too.

    Raises `UsageError` if a tool, the name or a secret is invalid, `folder` is not empty and has no journal, or another
    recorder uses it; `JournalError` if the journal is damaged before its last line.
    """

    def __init__(
        self,
        folder: str | Path,
        tools: Catalog | Iterable[AnyTool],
        *,
        name: str,
        version: str = "1",
        licence: str = "not stated",
        sources: Sequence[Mapping[str, str]] = (),
        captured: str = "",
        notice: str = "",
        secrets: Iterable[str] = (),
        files: Mapping[str, str] | None = None,
        fingerprint: str | None = None,
        earlier: str = "",
    ) -> None:
        if not re.fullmatch(NAME, name):
            raise UsageError(
                f"name: expected letters, digits, `_`, `.` and `-`, at most 64, found {name!r:.80}"
            )
        self.folder = Path(folder)
        self.catalog = catalog_of(tools)
        self._about = {"name": name, "version": version, "licence": licence}
        self._sources, self._captured, self._notice = sources, captured, notice
        self._scrub = Scrub(_long_enough(secrets))
        self._files = files or {}
        place = journal_of(self.folder)
        self._journal = Journal(place, fingerprint or _fingerprint(self.catalog), earlier)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal. What was added stays in it; the folder is written by `finish` only."""
        self._journal.close()

    @property
    def repaired(self) -> int:
        """Bytes of an incomplete last line that were cut off the journal, 0 if it was whole."""
        return self._journal.repaired

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every call that the journal has an outcome for, by replay key."""
        return self._journal.entries

    def call(self, tool: str, arguments: Mapping[str, Any], task: str = "") -> Call:
        """The call with its replay key. Raises `UsageError` if the tool's schema does not allow it."""
        try:
            call = Call(*make_record(self.catalog, tool, dict(arguments), 200, None)[:3])
        except UsageError as error:
            raise UsageError(self._scrub.text(str(error))) from None
        return call._replace(key=f"{call.key}@{task}") if task else call

    def synced_once(self) -> AbstractContextManager[None]:
        """A context: what is added in it is on the disk when it ends, not as soon as `add` returns."""
        return self._journal.synced_once()

    def add(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        result: Any = _NOT_GIVEN,
        status: int = 200,
        source: str = "",
        *,
        text: str | None = None,
        at: str | date | None = None,
        content_type: str = "",
        seconds: float | None = None,
        task: str = "",
    ) -> bool:
        """Keep the answer to a call; returns whether it is new. It is on the disk when this returns.

        - `result`: any JSON value. Or `text`: the exact JSON text of the body, of which only white space between tokens
          and needless escapes in strings are dropped.
        - `status`: an HTTP status, 100 to 599. From 400 on, the answer is an error of the API.
        - `source`: where the answer comes from. The manifest lists every source by name.
        - `at`: when the answer was captured, as a date, a datetime with a time zone, or one in ISO 8601.
        - `content_type`, `seconds`: noted in the journal only; estimates use the latter.
        - `task`: the id of the only task that sees this answer, by default all do. So one call may have other answers
          in other tasks.

        Raises `UsageError` if the tool's schema does not allow the call, its arguments contain a secret, or an argument
        is invalid; `SnapshotError` if the call has another answer already; `JournalError` if the disk is full.
        """
        if not re.fullmatch(_TASK, task):
            raise UsageError(
                f"task: expected printable ASCII without quotes, backslashes and @, found {task!r:.80}"
            )
        call = self.call(tool, arguments, task)
        if self._scrub.json(call.arguments) != call.arguments:
            raise UsageError(f"{tool}: the arguments contain a secret, so the call cannot be recorded")
        body = self._body(call, result, status, text)
        known = self.entries.get(call.key)
        if known is not None and not known.refused:
            self._check_same(call, known, status, body)
            return False
        self._journal.answered(
            *call,
            status,
            body,
            kind=self._scrub.text(content_type),
            at=_moment(at),
            source=self._scrub.text(source),
            seconds=seconds,
        )
        return True

    def take(self, records: Iterable[Record]) -> None:
        """Keep answers that are recorded elsewhere, as `add` does one. They are on the disk when this returns.

        Raises what `add` raises.
        """
        with self.synced_once():
            for record in records:
                self.add(
                    record.tool, record.arguments, text=record.text, status=record.status, task=record.task
                )

    def refuse(self, tool: str, arguments: Mapping[str, Any], why: str, at: str | date | None = None) -> None:
        """Note that the answer to a call can never be kept, and why, so that it need not be asked again."""
        call = self.call(tool, arguments)
        self._journal.refused(*call, self._scrub.text(why), _moment(at))

    def get(self, tool: str, arguments: Mapping[str, Any]) -> Recorded | None:
        """The kept answer to a call, `None` if there is none. A resumed program asks its source only for the rest."""
        call = self.call(tool, arguments)
        entry = self.entries.get(call.key)
        return (
            None if entry is None or entry.refused else Recorded(entry.status, self._journal.text(call.key))
        )

    def records(self, calls: Iterable[Call]) -> list[Record]:
        """The records of those calls that have an answer."""
        return [
            _record(call, entry.status, self._journal.text(call.key)) for call, entry in self._kept(calls)
        ]

    def probed(self, tool: str, arguments: Mapping[str, Any]) -> Recorded | None:
        """The kept answer to a probe, `None` if there is none.

        Probes are told apart by what was asked, not by the replay key: whether two spellings get one answer is what
        some of them are to find out.
        """
        key = _probe_key(tool, arguments)
        entry = self.entries.get(key)
        return None if entry is None else Recorded(entry.status, self._journal.text(key))

    def add_probe(self, tool: str, arguments: Mapping[str, Any], found: Recorded) -> None:
        """Keep the answer to a probe in the journal. It never becomes a record."""
        self._journal.answered(_probe_key(tool, arguments), tool, arguments, found.status, found.text)

    def value(self, key: str) -> Any:
        """The response to the call with this replay key, as a JSON value."""
        return parse_json(self._journal.text(key))

    def finish(
        self,
        tasks: Mapping[str, Sequence[Task]] | None = None,
        calls: Iterable[Call] | None = None,
        *,
        catalog: Catalog | None = None,
        proofs: Sequence[Mapping[str, Any]] = (),
    ) -> Path:
        """Write the folder and return it. It may be called again, after more answers or with tasks.

        `tasks` are the task splits by name. `calls` are the calls to write, all that have an answer by default; those
        without one are left out. `catalog` is written in place of the tools given before, without the rules that were
        refused for instance, and `proofs` go into the manifest (see `record.prove`). A kill leaves a whole folder, the
        old one or the new one.
        """
        chosen = list(self._all() if calls is None else calls)
        draft, old = (self.folder.with_name(f".{self.folder.name}.{what}") for what in ("draft", "old"))
        for left in (draft, old):
            shutil.rmtree(left, ignore_errors=True)
        write(
            draft,
            name=self._about["name"],
            version=self._about["version"],
            licence=self._about["licence"],
            sources=self._named_sources(chosen),
            captured=self._captured
            or _days(self.entries[call.key].at for call in chosen if call.key in self.entries),
            catalog=catalog or self.catalog,
            proofs=proofs,
            records=self._by_file(chosen),
            splits=tasks or {},
            notice=self._notice or self._standard_notice(),
        )
        if self.folder.exists():
            self.folder.rename(old)
        draft.rename(self.folder)
        shutil.rmtree(old, ignore_errors=True)
        return self.folder

    def _body(self, call: Call, result: Any, status: int, text: str | None) -> str:
        """The text to keep, with secrets masked. Raises `UsageError`."""
        if (text is None) == (result is _NOT_GIVEN):
            raise UsageError(f"{call.tool}: expected either `result` or `text`")
        try:
            value = result if text is None else parse_json(text)
        except ValueError as error:
            raise UsageError(f"{call.tool} {to_text(call.arguments)}: text: not JSON: {error}") from error
        masked = self._scrub.json(value)
        made = make_record(self.catalog, call.tool, call.arguments, status, masked)
        return made.text if text is None or masked != value else _compact(text)

    def _check_same(self, call: Call, known: Entry, status: int, body: str) -> None:
        """Raises `SnapshotError` if the call is known with another answer."""
        if (known.status, self._journal.text(call.key)) != (status, body):
            raise SnapshotError(
                f"{call.tool} {to_text(call.arguments)}: recorded with two different responses",
                "ask only calls for which `get` returns None; leave out of the response what changes from one request "
                f"to the next; or move {self._journal.path.name} away to record everything again",
            )

    def _all(self) -> Iterator[Call]:
        for key, entry in self.entries.items():
            if not entry.refused and not key.startswith(_PROBE):
                head, _ = self._journal.line(key)
                yield Call(key, head["tool"], head["arguments"])

    def _kept(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Entry]]:
        for call in calls:
            entry = self.entries.get(call.key)
            if entry is not None and not entry.refused:
                yield call, entry

    def _by_file(self, calls: Iterable[Call]) -> dict[str, list[Record]]:
        """Records by the stem of their file; one that stays empty is written all the same."""
        found: dict[str, list[Record]] = {
            stem: [] for stem in ("responses", *sorted(set(self._files.values())))
        }
        for record in self.records(calls):
            found[self._files.get(record.tool, "responses")].append(record)
        return found

    def _named_sources(self, calls: Iterable[Call]) -> list[Mapping[str, str]]:
        """The sources as described, then those that were only named with an answer, with the days of their answers."""
        described = {source.get("name") for source in self._sources}
        times: dict[str, list[str]] = {}
        for _, entry in self._kept(calls):
            if entry.source and entry.source not in described:
                times.setdefault(entry.source, []).append(entry.at)
        named = [
            {"name": name, "captured": days}
            if (days := self._captured or _days(times[name]))
            else {"name": name}
            for name in sorted(times)
        ]
        return [*self._sources, *named]

    def _standard_notice(self) -> str:
        lines = [f"# {self._about['name']}", ""]
        lines += [f"Recorded by tool-orch-env. Licence: {self._about['licence']}.", ""]
        lines += [f"- {', '.join(source.values())}" for source in self._sources]
        return "\n".join(lines).rstrip() + "\n"


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        dict.fromkeys(("record", "Report", "Fault", "Progress", "Silent", "grouped"), "record.http"),
    )


def journal_of(folder: Path) -> Path:
    """The journal's path for a folder. Raises `UsageError` if a recording cannot write the folder."""
    if not folder.name or folder.is_file():
        raise UsageError(f"{folder}: expected the name of a new folder")
    place = folder.with_name(folder.name + ".journal.jsonl")
    if folder.exists() and any(folder.iterdir()) and not place.exists():
        raise UsageError(
            f"{folder.name}: not empty, and there is no {place.name} next to it; name a new folder"
        )
    return place


def _record(call: Call, status: int, text: str) -> Record:
    key, _, task = call.key.partition("@")
    return Record(key, call.tool, call.arguments, status, text, task)


def _probe_key(tool: str, arguments: Mapping[str, Any]) -> str:
    return _PROBE + replay_key(tool, canonical(arguments))


def _long_enough(secrets: Iterable[str]) -> list[str]:
    given = list(secrets)
    if any(len(secret) < SHORTEST for secret in given):
        raise UsageError(f"secrets: expected texts of at least {SHORTEST} characters, found a shorter one")
    return given


def _fingerprint(catalog: Catalog) -> str:
    return hashlib.blake2b(canonical(catalog.dump()).encode(), digest_size=16).hexdigest()


def _compact(text: str) -> str:
    """JSON without white space between tokens and with no needless escapes; numbers and order as they are."""
    return "".join(to_text(parse_json(token)) if "\\" in token else token for token in _TOKEN.findall(text))


def _moment(at: str | date | None) -> str:
    """A time of capture as ISO 8601 in UTC to the second, or as a date. Raises `UsageError`."""
    try:
        known = at if not isinstance(at, str) else _parsed(at)
    except ValueError as error:
        raise UsageError(f"at: expected a date or a time in ISO 8601, found {at!r:.60}") from error
    if known is None:
        return ""
    if not isinstance(known, datetime):
        return known.isoformat()
    if known.tzinfo is None:
        raise UsageError(f"at: expected a time with a time zone, found {at!r:.60}")
    return known.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(text: str) -> date | None:
    if not text:
        return None
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def _days(times: Iterable[str]) -> str:
    """The days of some times: `2026-11-22`, or `2026-11-22/2026-11-23`; "" if none is known."""
    days = sorted({time[:10] for time in times if time})
    return "/".join(dict.fromkeys((days[0], days[-1]))) if days else ""
