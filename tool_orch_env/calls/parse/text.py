"""Reading text: one pass over its markers, each read where it stands.

Reasoning and quoted code are skipped, marked calls are read by their wrapper, and what remains is the answer. Calls
without a marker count only in a message that has no marked call.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ..types import ParseError, ToolCall, Turn
from . import harmony
from .bare import Bare, ends_message, line_start
from .marks import BY_OPENER, CLOSER_OF, HEADERS, STRAY_CLOSERS, TOKEN
from .quick import quick_read
from .scan import MAX_CALLS, MAX_TEXT, Read, Scan, Wrapper, skip_space
from .typed import offered
from .wrappers import NAMED, WRAPPERS

_ENDS = ("</s>", "<eos>")
_QUOTES = "\"'“”‘’*()"
_INFO = re.compile(r"[ \t]*([\w+.\-]{0,32})[^\n`]{0,200}\n").match
_MAX_TOKENS = 40_000
"""Marks of reasoning and quotation, brackets and special tokens in a message, at most."""
_PARTIAL = re.compile(r"[<\[\]][^\s]{2,}\Z")


def read_text(text: str, tools: Any) -> Turn:
    """The calls of a text, or the answer it is."""
    if len(text) > MAX_TEXT:
        return Turn((ParseError("the message", f"longer than {MAX_TEXT} characters: {len(text)}"),))
    if not ("<" in text or "[" in text or "{" in text or "`" in text):
        return Turn((), text.strip())  # no call can be written without one of these
    turn = quick_read(text)
    if turn is not None:
        return turn
    reading = _Reading(Scan(text, tools))
    reading.run()
    found = reading.calls()
    if found:
        return turn_of(found)
    return Turn((), reading.answer())


def turn_of(found: list[Read]) -> Turn:
    """The turn that makes these calls, the first `MAX_CALLS` of them."""
    if len(found) > MAX_CALLS:
        error = ParseError("the message", f"more than {MAX_CALLS} calls")
        return Turn((*found[:MAX_CALLS], error))
    return Turn(tuple(found))


@dataclass(slots=True)
class _Reading:
    """One pass over a text. Text from `mark` on has not been taken into `pieces`, the visible text, yet.

    `blank`: the visible text up to `blank_to` is white space.
    """

    scan: Scan
    pieces: list[str] = field(default_factory=list)
    mark: int = 0
    hidden: bool = False
    reasoned: bool = False
    blank: bool = True
    blank_to: int = 0
    skipped: list[str] = field(default_factory=list)
    bare: Bare | None = None

    def run(self) -> None:
        scan = self.scan
        text, found = scan.text, scan.found
        at, others = 0 if scan.tools is None else self._named(0), 0
        while token := TOKEN(text, at):
            wrapper = BY_OPENER.get(token.group())
            if wrapper is None:
                others += 1
                at = self._other(token.group(), token.start(), token.end())
            elif self._quoted(token.start(), token.end()):
                at = token.end()
            else:
                self._take(token.start())
                at = self.mark = wrapper.read(scan, token.end(), wrapper)
            if others > _MAX_TOKENS:
                found.append(ParseError("the message", f"more than {_MAX_TOKENS} markers and brackets"))
                break
            if len(found) > MAX_CALLS or (self.bare and len(self.bare.found) > MAX_CALLS):
                break
        self._take(len(text))

    def calls(self) -> list[Read]:
        """The calls and parse errors of the whole text."""
        found = self.scan.found or (self.bare.found if self.bare else [])
        answer = "" if found else "".join(self.pieces).strip()
        if not found and not answer:
            found = self._in_reasoning()
        if not found and self.scan.tools is not None and answer[-1:] == "}":
            inner = _Reading(Scan(answer, self.scan.tools))
            found = inner.scan.found if inner._named(0) else []
        if not found and self.bare and (error := self.bare.failure()):
            found = [error]
        return self._with_partial(found)

    def answer(self) -> str:
        answer = "".join(self.pieces).strip()
        for end in _ENDS:
            answer = answer.removesuffix(end).rstrip()
        return answer

    def _take(self, end: int) -> None:
        if not self.hidden and end > self.mark:
            self.pieces.append(self.scan.text[self.mark : end])
            self._first(end)
        self.mark = end

    def _quoted(self, start: int, end: int) -> bool:
        text = self.scan.text
        return start > 0 and end < len(text) and text[start - 1] in _QUOTES and text[end] in _QUOTES

    def _other(self, token: str, start: int, end: int) -> int:
        """Read a token that opens no marked call; where reading continues."""
        if token in CLOSER_OF:
            return self._reasoning(token, start, end)
        head = token[0]
        if head in ("`", "~"):
            return self._code(start, end)
        if token in ("{", "["):
            return self._bare(start)
        if head == ">":
            return self._named(end)
        if token in HEADERS:
            return self._header(start, end)
        self._take(start)
        if token in STRAY_CLOSERS and not self.reasoned and not self.hidden:
            self._forget(start)
        self.mark = end
        return end

    def _reasoning(self, token: str, start: int, end: int) -> int:
        self._take(start)
        closer = CLOSER_OF[token]
        close = self.scan.find(closer, end)
        if close < 0 and token[1].isalpha() and _within_line(self.scan.text, start):
            return end  # a word of the text
        self.reasoned = True
        if close < 0:
            self.hidden = True
            self.mark = end
            return end
        self.skipped.append(self.scan.text[end:close])
        self.mark = close + len(closer)
        return self.mark

    def _forget(self, at: int) -> None:
        """Everything so far was reasoning whose opening mark stood in the prompt."""
        self.skipped.append(self.scan.text[:at])
        self.pieces.clear()
        self.scan.found.clear()
        self.bare, self.reasoned, self.blank = None, True, True

    def _in_reasoning(self) -> list[Read]:
        """The calls inside closed reasoning: they count where the message has nothing else."""
        for text in self.skipped:
            inner = _Reading(Scan(text, self.scan.tools), hidden=True)
            inner.run()
            if any(isinstance(one, ToolCall) for one in inner.scan.found):
                return inner.scan.found
        return []

    def _named(self, at: int) -> int:
        """A tool's name and JSON, without any marker but `>>>`."""
        text = self.scan.text
        start = skip_space(text, at)
        named = NAMED.head.match(text, start)
        known = named and offered(self.scan.tools, named.group("name"))
        if not named or (known is not True and (at == 0 or known is False)):
            return at
        self._take(at)
        self.mark = NAMED(self.scan, start, _NAMED_ROW)
        return self.mark

    def _header(self, start: int, end: int) -> int:
        message = harmony.read(self.scan, self.scan.text[max(self.mark, start - 300) : start], start, end)
        self._take(start)
        if message.shown:
            self.mark = message.body
            self._take(message.end)
        self.mark = message.end
        return message.end

    def _loose(self) -> Bare:
        if self.bare is None:
            self.bare = Bare(self.scan)
        return self.bare

    def _bare(self, start: int) -> int:
        text = self.scan.text
        if self.hidden or self.scan.found or (self.bare and self.bare.tired):
            return start + 1
        alone = self._first(start)
        if not alone and not line_start(text, start) and not _after_sentence(text, start):
            return start + 1
        end, found = self._loose().read(start, alone=alone)
        if found:
            self._take(start)
            self.mark = end
        return end

    def _code(self, start: int, end: int) -> int:
        """A code span or fence: skipped, or read where it holds a call."""
        text, ticks = self.scan.text, end - start
        if text[start] == "~" and not line_start(text, start):
            return end
        close = self.scan.find(text[start:end], end)
        if ticks < 3:
            quoted = close >= 0 and text.find("\n", end, close) < 0 and text.find("</think>", end, close) < 0
            return close + ticks if quoted else end
        info = _INFO(text, end)
        body = info.end() if info else end
        last = close >= 0 and ends_message(text, close + ticks)
        whole = last and self._first(start)
        read = None if self.hidden else self._fence(info.group(1) if info else "", body, whole, last)
        if read is not None:
            self._take(start)
            self.mark = read
            return read
        if close < 0 or text.find("</think>", end, close) >= 0 or whole:
            return max(body, end)
        return close + ticks

    def _fence(self, language: str, body: int, alone: bool, last: bool) -> int | None:
        """Where reading continues after the calls in a fence, `None` if there are none.

        `alone`: the fence is the whole message. `last`: nothing follows it.
        """
        text = self.scan.text
        if language == "tool_code":
            return self._loose().code(body)
        start = skip_space(text, body)
        if text[start : start + 1] not in ("{", "[") or start == len(text):
            return None
        read, found = self._loose().read(start, "code block", alone, last)
        if not found:
            return None
        after = skip_space(text, read)
        return after + 3 if text.startswith("```", after) else read

    def _first(self, start: int) -> bool:
        """Whether nothing visible is before a place."""
        if self.blank and not self.hidden:
            self.blank = not self.scan.text[max(self.mark, self.blank_to) : start].strip()
            self.blank_to = start
        return self.blank

    def _with_partial(self, found: list[Read]) -> list[Read]:
        """What was found, and an error if the message is cut off inside a marker."""
        text = self.scan.text
        partial = _PARTIAL.search(text, max(0, len(text) - 40))
        if partial and any(
            row.opener.startswith(partial.group()) for row in WRAPPERS if row.opener != partial.group()
        ):
            return [*found, ParseError("the message", f"cut off in a marker: {partial.group()!a}")]
        return found


_NAMED_ROW = Wrapper(">>>", "", NAMED, "call")


def _within_line(text: str, at: int) -> bool:
    """Whether prose is before a place on its line."""
    before = text[max(0, at - 8) : at].rstrip(" \t")
    return before[-1:] not in ("", "\n", "\r", ">", "]")


def _after_sentence(text: str, at: int) -> bool:
    """Whether a call on the same line as prose ends the message, and a sentence ends before it."""
    before = text[max(0, at - 8) : at].rstrip()
    return before[-1:] in tuple(".:!?") and text.rstrip()[-1:] in ("}", "]", ">")
