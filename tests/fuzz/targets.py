"""The fuzz targets, by name, with what the search starts from."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import toy

from tool_orch_env.snapshot.records import line_of

from . import answers, calls, files


@dataclass(frozen=True)
class Target:
    """`law` raises where the bytes break it. `words` are likely parts of an input."""

    law: Callable[[bytes], None]
    seeds: tuple[bytes, ...] = (b"",)
    words: tuple[str, ...] = ()
    longest: int = 256
    """Bytes of an input, at most."""


_CALL = '{"name": "get_city", "arguments": {"city_id": 11}}'
_TEXTS = (
    f"<tool_call>{_CALL}</tool_call>", f"```json\n{_CALL}\n```", f"[{_CALL}, {_CALL}]",
    "[get_city(city_id=11), ping()]",
    f'<think>hm</think>{{"tool_calls": [{{"id": "x", "function": {_CALL}}}]}}', "The currency is NOK.",
    '<|python_tag|>{"name": "rate", "parameters": {"currency": "NOK", "date": "2013-07-10"}}',
)  # fmt: skip
_FAMILY_TEXTS = (
    *_TEXTS, "<tool_call><function=get_city><parameter=city_id>11</parameter></function></tool_call>",
    "<tool_call>get_city<arg_key>city_id</arg_key><arg_value>11</arg_value></tool_call>",
    '<invoke name="get_city"><parameter name="city_id">11</parameter></invoke>', "[TOOL_CALLS]ping[ARGS]{}",
    '<|tool_call>call:get_city{city_id:11,a:[<|"|>x<|"|>]}<tool_call|>', "```tool_code\nprint(ping())\n```",
    "<|channel|>commentary to=functions.ping <|constrain|>json<|message|>{}<|call|>",
    '<|open|>call tool="ping" index="1"<|sep|><|close|>call<|sep|>',
)  # fmt: skip
_WORDS = (
    "<tool_call>", "</tool_call>", "<think>", "</think>", "```json\n", "```", '"name":', '"arguments":', "search_city",
    '"parameters":', '"function":', '"tool_calls":', "[ping(", "name=", "1e400", "NaN", "\\ud800", "<|python_tag|>",
    "\ud800", "\0", "Oslo", "{}", "[]", ";", "null", "-0", "1_0", "0x1f", "10**9", "f(a=", "'", "\u2028", "\\N{",
)  # fmt: skip
_RESPONSES = (
    "1e400", "NaN", "\\ud800", "\\udc00", '"a":1,"a":2', "[[[[[[[[", "}", "\xa0", "-0", "1E+2", '"', ":", ",",
)  # fmt: skip

_ANSWERS = (
    "It left at 7:55 AM and landed at 10:20, 7 minutes early.", "| Name | Hours |\n|---|---|\n| Kiasma | Mo-Fr 9-17 |",
    '{"dep": "07:55", "distance_km": 0.61}', "**Kiasma**\n- 610 m\n- €379.59 (not $379.59)\n- limited access",
    "Kiasma or Ateneum, respectively; both on Monday, November 11.",
)  # fmt: skip
_SAID = (
    " or ", "not ", " and ", "respectively", "both ", "|", "\n", "- ", "**", "(", ")", ":", "; ", "7:55", "10:20 pm",
    "-7", "610 m", "€", "½", "Kiasma", "2013", "Nov", "Mo-Fr", "9-5", "yes", "n't ", "UTC", "KFLL", "10.3 million",
)  # fmt: skip

TARGETS = {
    "answers": Target(answers.reading, tuple(text.encode() for text in _ANSWERS), _SAID, 512),
    "parse": Target(calls.parsing, tuple(b"\0" + text.encode() for text in _TEXTS), _WORDS, 512),
    "families": Target(calls.families, tuple(b"\0" + text.encode() for text in _FAMILY_TEXTS), _WORDS, 256),
    "check": Target(calls.checking),
    "canonical": Target(calls.canon),
    "line": Target(
        files.line,
        (*(b"\0" + line_of(record).encode() for record in toy.records(toy.catalog())[:4]),
         *(b"\1\0\0\0\0\0" + json.dumps(text).encode() for text in ("x", {"a": [1.5, None]}, [], "\u2028é"))),
        _RESPONSES,
        512,
    ),
    "snapshot": Target(files.opening),
    "tasks": Target(files.tasks),
}  # fmt: skip
