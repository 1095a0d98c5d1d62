"""Phrasing a request from a sample: sentences that introduce things, then the questions.

The request should state every value that the user gives, and none that only a response supplies; the caller checks both
(`build`). All words come from the phrase book. What a response describes is a *thing*: a picked list element, or the
whole. A thing whose words are long, or that is mentioned twice, is introduced in a separate sentence, and is "that
flight" afterwards, or "flight A" if there are several.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from ..jsonvalues import pointer
from ..language.criteria import Criterion
from .compare import ANSWER, Comparison
from .fill import Pick, Sample
from .index import Index, Wish, parameter
from .say import listed, said

LONG = 70
"""A thing with a phrase of more characters is introduced first."""
SHORT = 40
"""The same, for a thing that is mentioned more than once."""
_SLOT = re.compile(r"\{(\w+)\}")
_BRACKET = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\]")
_NTH = ("", "first", "second", "third", "fourth", "fifth", "sixth")
_FIRST = ("Take {it}.", "Look up {it}.", "Find {it}.", "Start with {it}.", "This is about {it}.")
_THEN = ("Then take {it}.", "Next, find {it}.", "Also look up {it}.", "Now take {it}.", "Also find {it}.")
_LABELLED = (
    "Take {it}; I call it {label}.",
    "{It} is {label}.",
    "Find {it} ({label}).",
    "Look up {it} ({label}).",
)
_CONTESTS = (
    "Of {one} and {other}, take the one that {words}; I call it {label}.",
    "Compare {one} and {other}: the one that {words} is {label}.",
    "Whichever of {one} and {other} {words} is {label}.",
)
_ASKS = (
    "Tell me {facts}.",
    "I would like to know {facts}.",
    "Please find out {facts}.",
    "Can you tell me {facts}?",
    "I need {facts}.",
    "Give me {facts}, please.",
    "Find {facts}.",
)
_MORE = (
    "Also tell me {facts}.",
    "I also want to know {facts}.",
    "I also need {facts}.",
    "On top of that, {facts}.",
)
_CLAUSE = re.compile(r"(how|when|what|which|whether|who|at what)\b")
"""How a question begins that is a clause: one knows it or tells it, but does not need it or give it."""
_OPENERS = (
    *("",) * 12,
    "I am checking some facts. ",
    "A question for my notes. ",
    "For an article: ",
    "I am settling a bet. ",
    "Help me with a quiz. ",
)

_OF_IT = re.compile(r" of \{it\}| ?\{it\}")
Choice = TypeVar("Choice")
Thing = tuple[int, tuple[str, int] | None]
"""A golden call's position, and the element of its response, `None` for the whole."""


class Phrasing:
    """Writes one request."""

    def __init__(
        self,
        sample: Sample,
        index: Index,
        facts: Sequence[tuple[int, Wish]],
        picks: Mapping[Pick, Criterion],
        rng: np.random.Generator,
        comparison: Comparison | None = None,
    ) -> None:
        """`picks` are the criteria of all elements mentioned, including those of `facts`."""
        self._comparison, self._compared = comparison, ""
        self._sample, self._index, self._facts, self._rng = sample, index, list(facts), rng
        self._picks = picks
        self._bound = [
            {
                parameter(bind.parameter): (source, link.item, bind.pointer)
                for source, link in links
                for bind in link.binds
            }
            for links in sample.links
        ]
        self._handles: dict[Thing, str] = {}
        self._chosen: dict[tuple[Any, ...], str] = {}
        self._style = int(rng.integers(4))
        self.notes: list[str] = []
        self.asked: dict[int, tuple[str, str]] = {}
        """By the position of a fact, the words that ask for it and those for what it is a fact of."""

    def request(self) -> str:
        """The text of the request."""
        intros = self._introduced()
        asked = self._asked()
        opener = self._choose(_OPENERS)
        text = " ".join([*intros, *asked])
        if opener.endswith(": "):
            text = text[0].lower() + text[1:] if not text.startswith("I ") else text
        text = opener + text
        for note in dict.fromkeys(self.notes):
            text += f" {note}"
        return re.sub(r" +([,.?)])", r"\1", re.sub(r" {2,}", " ", text))

    def _choose(self, options: Sequence[Choice]) -> Choice:
        return options[int(self._rng.integers(len(options)))]

    def _stable(self, key: tuple[Any, ...], options: Sequence[str]) -> str:
        """The same choice each time the same thing is spoken of."""
        if key not in self._chosen:
            self._chosen[key] = self._choose(options)
        return self._chosen[key]

    def _introduced(self) -> list[str]:
        """Sentences that introduce things, in the order of the calls, and fix what they are called."""
        uses = self._uses()
        named = [thing for thing in uses if self._worth_a_sentence(thing, uses[thing])]
        nouns = Counter(self._noun(thing) for thing in uses if not self._is_value(self._words(thing)))
        shorts = Counter(self._short(thing) for thing in uses)
        sentences: list[str] = []
        letters: Counter[str] = Counter()
        for thing in named:
            if self._comparison and not self._compared and -1 < self._comparison.waiting <= thing[0]:
                sentences.append(self._contest())
            noun, words, short = self._noun(thing), self._words(thing), self._short(thing)
            if self._is_value(words):
                continue
            if short and shorts[short] == 1:
                label = short
            elif nouns[noun] == 1:
                label = f"that {noun}"
            else:
                label = f"{noun} {chr(65 + letters[noun])}"
                letters[noun] += 1
            lettered = label == f"{noun} {chr(64 + letters[noun])}"
            options = _LABELLED if lettered else _THEN if sentences else _FIRST
            sentences.append(self._choose(options).format(it=words, It=_capital(words), label=label))
            self._handles[thing] = label
        if self._comparison and not self._compared:
            sentences.append(self._contest())
        return sentences

    def _contest(self) -> str:
        """The sentence that compares two things, in an order that does not tell which one wins."""
        assert self._comparison is not None
        pair = [self.thing((at, None)) for at in (self._comparison.winner, self._comparison.loser)]
        one, other = pair[:: self._choose((1, -1))]
        self._compared = f"the chosen {self._noun(self._root_of((self._comparison.winner, None)))}"
        words = self._comparison.words
        return self._choose(_CONTESTS).format(one=one, other=other, words=words, label=self._compared)

    def _short(self, thing: Thing) -> str:
        """A short name for a thing that was chosen by a telling value: "flight 1643", "Labor Day"."""
        at, item = thing
        if item is None:
            return ""
        criterion = self._picks[at, item[0], item[1]]
        book = self._index.entry(self._sample.calls[at]).lists[item[0]]
        return book.shorts.get((criterion.kind, criterion.name), "").replace("{value}", said(criterion.value))

    def _worth_a_sentence(self, thing: Thing, uses: int) -> bool:
        words = self._words(thing)
        return len(words) > LONG or (uses > 1 and len(words) > SHORT)

    def _is_value(self, words: str) -> bool:
        """Whether the words are a bare name, which needs no introduction."""
        return len(words.split()) <= 2 and not words.startswith("the ")

    def _uses(self) -> dict[Thing, int]:
        """How often each thing is spoken of, parents before children; identities count as one thing."""
        found: dict[Thing, int] = {}
        for at in range(len(self._sample.calls)):
            for _, (source, item, _) in sorted(self._bound[at].items()):
                thing = self._root_of((source, item))
                found[thing] = found.get(thing, 0) + 1
        spoken = [(at, wish.item) for at, wish in self._facts]
        if self._comparison:
            spoken.append((self._comparison.loser, None))
        for thing in map(self._root_of, spoken):
            found[thing] = found.get(thing, 0) + 1
        for at in range(len(self._sample.calls)):  # a call whose own thing is but its parent's is no new use
            parent = self._root_of((at, None))
            if parent != (at, None) and parent in found and found[parent] > 1:
                found[parent] -= 1
        return dict(sorted(found.items(), key=lambda pair: (pair[0][0], pair[0][1] or ("", -1))))

    def _root_of(self, thing: Thing) -> Thing:
        """The thing that this one is by another call: a flight looked up is the flight that was picked."""
        at, item = thing
        if item is not None:
            return thing
        np_words = self._index.entry(self._sample.calls[at]).np
        slot = _SLOT.fullmatch(np_words)
        if slot is None or slot[1] not in self._bound[at]:
            return thing
        source, picked, place = self._bound[at][slot[1]]
        if self._relation(source, place) != "{it}":
            return thing
        return self._root_of((source, picked))

    def _relation(self, source: int, place: str) -> str:
        found = self._index.entry(self._sample.calls[source]).relation(pointer.pattern(place))
        assert found is not None  # links exist only where there are words
        return found

    def _noun(self, thing: Thing) -> str:
        at, item = thing
        entry = self._index.entry(self._sample.calls[at])
        return entry.lists[item[0]].noun if item else entry.noun

    def thing(self, thing: Thing) -> str:
        """The words for a thing from now on: its short name if it was introduced, else its phrase."""
        root = self._root_of(thing)
        return self._handles.get(root) or self._words(root)

    def _words(self, thing: Thing) -> str:
        """The full words for a thing."""
        at, item = thing
        entry = self._index.entry(self._sample.calls[at])
        if item is None:
            return self._filled(entry.np or f"the {entry.noun}", at)
        book = entry.lists[item[0]]
        criterion = self._picks[at, item[0], item[1]]
        phrase = self._stable((at, item), book.picks[criterion.kind, criterion.name])
        if criterion.kind == "echo" and book.note and self._ambiguous_name(at, item, criterion):
            self.notes.append(book.note)
        phrase = phrase.replace("{value}", said(criterion.value)).replace("{nth}", _nth(criterion))
        tail = "" if criterion.kind == "echo" else book.tail
        return self._filled(phrase + tail, at)

    def _ambiguous_name(self, at: int, item: tuple[str, int], criterion: Criterion) -> bool:
        items = pointer.resolve(self._index.response(self._sample.calls[at]), item[0])
        return len([one for one in items if one.get(criterion.field) == criterion.value]) > 1

    def _filled(self, template: str, at: int, it: str = "") -> str:
        """A template with its slots filled from a call's arguments; brackets go where an argument is absent."""
        arguments = self._index.calls[self._sample.calls[at]].arguments

        def bracket(match: re.Match[str]) -> str:
            present = all(name in arguments for name in _SLOT.findall(match[1]))
            return match[1] if present else match[2] or ""

        text = _BRACKET.sub(bracket, template)
        return _SLOT.sub(lambda match: it if match[1] == "it" else self._argument(at, match[1]), text)

    def _argument(self, at: int, name: str) -> str:
        """Words for one argument: the user's value, or the thing it is taken from."""
        call = self._index.calls[self._sample.calls[at]]
        entry = self._index.book.calls[call.tool]
        if name in self._bound[at]:
            source, item, place = self._bound[at][name]
            it = self._compared if self._is_compared(at, source) else self.thing((source, item))
            words = self._filled(self._relation(source, place), source, it)
            return entry.bound.get(name, "{value}").replace("{value}", words)
        value = call.arguments[name]
        around = entry.user.get(name, "{value}")
        if "{hour_range}" in around:
            return around.replace("{hour_range}", f"between {value:02d}:00 and {value:02d}:59")
        return around.replace("{value}", said(value, self._style))

    def _is_compared(self, at: int, source: int) -> bool:
        compared = self._comparison
        return compared is not None and (at, source) == (compared.waiting, compared.winner)

    def _fact_of(self, at: int, wish: Wish) -> str:
        return self._compared if self._is_compared(ANSWER, at) else self.thing((at, wish.item))

    def _asked(self) -> list[str]:
        """The questions; more than four are cut into two sentences."""
        facts = self._fact_words()
        half = len(facts) if len(facts) <= 4 else len(facts) // 2
        sentences = [self._question(_ASKS, 4, facts[:half])]
        if facts[half:]:
            sentences.append(self._question(_MORE, 2, facts[half:]))
        return sentences

    def _question(self, ways: Sequence[str], of_clauses: int, facts: Sequence[str]) -> str:
        """One sentence; only the first `of_clauses` ways go with clauses."""
        some = ways[:of_clauses] if any(map(_CLAUSE.match, facts)) else ways
        return self._choose(some).format(facts=listed(facts))

    def _fact_words(self) -> list[str]:
        """Facts of one thing side by side: "the number of seats and the year of construction of that aircraft"."""
        found: dict[tuple[str, str], list[str]] = {}
        times = Counter((at, wish.item) for at, wish in self._facts)
        for number, (at, wish) in enumerate(self._facts):
            short = [phrase for phrase in wish.ask.phrases if phrase.endswith(" of {it}")]
            phrase = self._choose(short if short and times[at, wish.item] > 1 else wish.ask.phrases)
            it = self._fact_of(at, wish) if "{it}" in phrase else ""
            head = phrase.removesuffix(" of {it}")
            joins = head != phrase
            self.asked[number] = (self._ask_of(phrase, at), it)
            key = (it, "") if joins else (self._filled(phrase, at, it), "alone")
            found.setdefault(key, []).append(head)
        return [
            f"{listed(parts)} of {words}" if not alone else words for (words, alone), parts in found.items()
        ]

    def _ask_of(self, phrase: str, at: int) -> str:
        """What a phrase asks for, without whose it is."""
        bare = _OF_IT.sub("", phrase)
        return re.sub(r" {2,}", " ", self._filled(bare, at)).strip()


def _nth(criterion: Criterion) -> str:
    return _NTH[criterion.value] if criterion.kind.startswith("nth") else ""


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
