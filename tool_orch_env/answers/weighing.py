"""Weighing: which facts the words around a statement speak of.

The evidence of a statement for a fact is the sum of the weights (`layout`) of the words that they share: words of the
ask weigh most, then those by which the request knows the fact's owner, then one of its row. A statement that continues
an enumeration, or is joined to another by "or", has the evidence of the one before.

A statement that is no fact's value costs nothing if it is the working: the outcome of a comparison, or better explained
as another value of the responses. A value under the name of a fact that it cannot be about is dropped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from heapq import nlargest

from .facts import CLOSED, NUMERIC_KINDS, CompiledFact, Facts, Leaf, Words
from .kinds.base import Said
from .kinds.names import key
from .kinds.numerals import numerals
from .layout import CLAUSE, NEAR, Layout
from .standing import Standing
from .statements import SHAPED, UNITED, Statement
from .text import Folded, folded
from .words import CONCLUDING, GENERIC, comparing, concept, concepts, is_singling, of_texts

MARGIN = 0.4
"""By how much evidence must be greater to be clearly greater."""
KNOWN, ASK, ROW = 1.5, 2.0, 0.5
"""Weights of the words of a fact's owner, ask and row."""
OWN = 0.75
"""Weight, beside `KNOWN`, of a word by which a fact's owner differs from the owners of those it competes with."""
_DERIVED = re.compile(
    r"\b(?:together(?= (?:we|you|they|it|that|this|makes?|comes?|adds?)\b)|differences?|gap|margin|altogether"
    r"|in total|totals?|sum|combined|averages?|mean|apart|difference of|in all"
    r"|(?:wins?|beats?|more|less|higher|lower|longer|shorter|farther|further|warmer|colder|cooler|faster|slower|older"
    r"|newer|bigger|larger|smaller|above|below|up|down|differ(?:s|ed)?) by)\b"
)
AGAINST = re.compile(
    r"\b(?:ahead of|than|versus|vs|compared (?:with|to)|as opposed to|against|unlike|above|below)\b"
    r"(?:[^,;]|(?<=\d),(?=\d)){0,60}$"
)
_COMPARED = re.compile(
    r"[^,.;\n]{0,24}\b(better|worse|sooner|quicker|more|less|fewer|higher|lower|longer|shorter|farther|further|warmer|colder|cooler|faster|slower|older"
    r"|newer|bigger|larger|smaller|taller|above|below|under|over|apart|later|earlier|ahead of|behind|to spare)\b"
)
_TOGETHER = re.compile(
    r"[^,.;\n]{0,28}\b(?:together|altogether|combined|in (?:all|total)|all told|both ways)\b"
)
_OTHER_TWO = re.compile(r"\bthe (?:other|remaining) $")
_SHARED = re.compile(
    r"[^,.;\n]{0,12}\b(?:for each|each(?: of|(?=[.,;!)]|$))|apiece|per (?:person|head)|a head)\b"
)
_HENCE = re.compile(r"\b(?:so|therefore|hence),? (?:that's |that makes |it's |it is |in all |make it )?$")
_THAT_IS_ALL = re.compile(
    r"[.,;:!)](?!\d)|$| (?:in all|altogether|of them|left|late|landed|were|was|hours?|minutes?)\b"
)
_PART_ENDS = re.compile(r"[;:]|, (?:and|but|so|while|which) ")
_LARGE = 100
_OPENING = 2
"""A name that as many words stand before opens an answer."""
_THAT_IS = re.compile(
    r"(?:that|it|this|the last one(?: left)?)(?:'s| is| was| would be| must be| will be)(?: (?:the|called))? "
)
_WHOLE_SENTENCE = re.compile(r"(?:,? (?:out )?of (?:the )?\w+| [a-z]+)?(?:[.!:;](?!\d)|\s*\n|$| -)")
_GOES_ON = re.compile(r"[.:;!](?!\d)|\s*\n|$|, (?:which|whose|with|at|by|since|because|as|for)\b| \(")
_ASIDE = 100
_INSIDE = re.compile(
    r"[^()\n|]*\([^()\n|]*|[^.;\n|]*\b(?:because|since|although|though|whereas|while)\b[^.;\n|]*"
)
_REASON = re.compile(r"[^.;\n|]*\b(?:because|since)\b[^.;\n|]*")
_TITLED = re.compile(r"(?<![^\W_])[A-Z][\w.'-]+ ?#?$")
"""A name before a number: "JetBlue 353"."""
_COMMA = re.compile(r" ?[,/;&+]? ?(?:and |or )?")
_JOINED = re.compile(r" ?(?:\([^()\n]*\))?,? (?:and|or|as well as) (?:on |at |in |the )*")
_LATER = ("later", "earlier")
"""What compares two times, and is no delay: "ten minutes later"."""
_HYPOTHETICAL = re.compile(
    r"\bwould\b|\b(?:you|they|we|he|she|that)(?:'d| will|'ll) (?:still |only |just )*(?:have|leave)\b"
)
_RULED_OUT = re.compile(r"[^.;!?\n]{0,100}\bbut\b")
_IS_CLOSED = re.compile(
    r"(?:(?!\b(?:while|whereas|but|though|although|unlike|which)\b)[^.;!?\n]){0,100}"
    r"\b(?:(?:is|are|be) (?:both |all |already )*(?:closed|shut)|(?:both|all) (?:close|shut))\b"
)
_CLOSES = re.compile(
    r" (?:closes|shuts)\b"
    r"|(?:(?!\b(?:while|whereas|but|though|which|is|are|has)\b)[^.;!?\n]){0,90}? (?:close|shut) (?:at|by|before)\b"
)
_TO = re.compile(r"\s?(?:-|->|→|to|until)\s?(?:[a-z]{3} )?\d{1,2}[:.h]\d\d")
_FROM = re.compile(r"\d{1,2}[:.h]\d\d(?: ?[ap]\.?m\.?)?\s?(?:-|->|→|to|until)\s?(?:[a-z]{3} )?$")
_NAMED = re.compile(r"(?:[:=]|\b(?:is|was|are|were)) ?[\"']?(?:the |a |an |about )?$")
_PERCENT = re.compile(r"\s?(?:%|per ?cent\b|percentage points?\b)")
_WHOLE = 100
"""In percent."""
_DIFFERENCES = frozenset(
    map(concept, "difference differences gap margin spread apart saved cheaper range".split())  # noqa: SIM905
) - {""}
"""Concepts of asks for the outcome of a comparison."""
_SUMS = frozenset(map(concept, "total average averages mean".split()))  # noqa: SIM905
_NOON = 43200
_HAS_MARK = re.compile(r"[ap]\.? ?m\b|^0\d")
_LONGEST_NAME = 120
_RUN = 6
"""More numbers than this in one clause label nothing."""


class Weigher:
    """Weighs the statements of one answer, in the order of the text."""

    def __init__(self, facts: Facts, text: Folded, layout: Layout, statements: Sequence[Statement]) -> None:
        self._all = facts
        self._facts = facts.facts
        self._text = text
        self._layout = layout
        self._statements = statements
        self.standing = Standing(facts, text, layout, statements)
        self._before: dict[int, Statement] = {}
        self._values_of: dict[int, frozenset[str]] = {}
        self._names = {folded(one.fact.name.replace("_", " ")): at for at, one in enumerate(self._facts)}
        self.working: list[Statement] = []
        """Statements of other rows of a list from which a fact's thing is chosen."""
        self.misnamed: dict[int, tuple[Statement, int]] = {}
        """By fact, a statement that is under the name of another, and that other."""

    def weigh(self, one: Statement) -> None:
        """Set the evidence of a statement for each fact it could be about; drop those it is clearly not about."""
        of = list(one.said)
        if not _PERCENT.match(self._text.text, one.end):
            counted = {at for at in one.said.keys() & self._said_in_percent if one.said[at].value > _WHOLE}
            one.said = {at: said for at, said in one.said.items() if at not in counted}
        around = self._around(one, inside=any(self._facts[at].kind.name == "yes_no" for at in one.said))
        everything = around
        called = self._by_name(one)
        if called is not None:
            for at in one.said.keys() - {called}:
                self.misnamed.setdefault(at, (one, called))
            one.said = {at: said for at, said in one.said.items() if at == called}
        if any(self._all.listed_apart):
            one.said = {at: said for at, said in one.said.items() if not self._is_listed_apart(said, at)}
        for at in one.said:
            fact = self._facts[at]
            values = self._column_values(at)
            around = (
                {word: weight for word, weight in everything.items() if word not in values}
                if values
                else everything
            )
            words = replace(fact.words, known=frozenset()) if self.is_foreign(one, at) else fact.words
            one.plain[at] = _evidence(around, words) + OWN * _best(around, self._own(at, one.said), 1)
            one.plain[at] += KNOWN * CLAUSE * self._has_owner(one, at)
            if self._is_whole_opening(one):
                one.plain[at] += 2 * ASK * CLAUSE
            if fact.chosen is not None:
                one.plain[at] += self._singled(fact, around)
            row = ROW * _best(around, fact.words.row, 1)
            first = one.instead_of or self._before.get(at)
            if first is not None and (one.instead_of or self._continues(one, first, at)):
                one.plain[at] = max(one.plain[at], first.plain.get(at, 0.0))
            one.evidence[at] = one.plain[at] + row
        self._drop_misnamed(one)
        if self.is_concluded(one):
            return
        if one.said and not any(one.right[at] for at in one.said):
            if one.instead_of is not None:
                if self.standing.is_runner_up(one):
                    one.said = {}
            elif self.standing.is_complement(one):
                one.said = {}
            elif self._is_set_aside(one):
                one.sibling_of |= one.said.keys()
                self.working.append(one)
                one.said = {}
            elif (
                self._derived(one)
                or (any(map(self.is_choice, one.said)) and self.standing.is_of_others(one))
                or self.standing.is_runner_up(one)
            ):
                one.said = {}
            else:
                self._explain(one)
        self._before |= dict.fromkeys(of, one)

    def _is_listed_apart(self, said: Said, at: int) -> bool:
        """Whether the request offers a name for another fact only."""
        return isinstance(said.value, str) and said.value in map(key, self._all.listed_apart[at])

    def _has_owner(self, one: Statement, at: int) -> bool:
        """Whether a name has the name of the fact's owner in it: "Miami International", of the airport of Miami."""
        if self._facts[at].kind.name not in ("name", "zone") or len(one.said) < 2:
            return False
        own = (self._facts[at].owners & self._own(at, one.said)) - GENERIC
        return any(word in own for _, word in concepts(self._text.text[one.start : one.end]))

    def _is_whole_opening(self, one: Statement) -> bool:
        """Whether an answer opens with a number, or a code such as "Co-60", and says no more before it goes on: "Six.
        It was wet at ten, ...". It must be one that only one fact could have."""
        if len(one.said) != 1 or self._text.text[: one.start].strip():
            return False
        fact = self._facts[next(iter(one.said))]
        if fact.is_shaped:
            return _GOES_ON.match(self._text.text, one.end) is not None
        return fact.kind.name in NUMERIC_KINDS and _WHOLE_SENTENCE.match(self._text.text, one.end) is not None

    def is_foreign(self, one: Statement, at: int) -> bool:
        """Whether a name is another fact's value, and in the responses nothing has it as its property of this fact's
        kind: an airport is no airline, unless it is under a label."""
        fact = self._facts[at]
        if fact.kind.name != "name" or fact.place is None or one.right[at] or not any(one.right.values()):
            return False
        if self._labels(one) & fact.words.ask:
            return False
        return one.said[at].value not in {key(name) for name in self._all.alternatives(fact.fact)}

    def _by_name(self, one: Statement) -> int | None:
        """The fact whose very name is before a value, as in "sched arr 2: 12:47" and `"sched_arr_2": "12:47"`."""
        start = self._layout.at(one.start).start
        if one.start - start > _LONGEST_NAME:
            return None
        label = self._text.text[start : one.start].replace("_", " ").strip(" \"'")
        return self._names.get(label.removesuffix(":").rstrip(" \"'")) if label.endswith(":") else None

    def _column_values(self, at: int) -> frozenset[str]:
        """The words of the values of other facts of the same name: in "name: Kiasma; name 2: Ateneum", Kiasma is no
        label; nor, in "Ra-228 -> Ac-228", is 228."""
        known = self._values_of.get(at)
        if known is None:
            own = self._facts[at]
            ask = own.words.ask
            alike = {
                other
                for other, fact in enumerate(self._facts)
                if other != at
                and (
                    fact.words.ask == ask
                    or (own.is_shaped and fact.is_shaped and own.fact.ask == fact.fact.ask)
                )
            }
            spans = [
                one
                for one in self._statements
                if any(one.right.get(other) or (own.is_shaped and other in one.said) for other in alike)
                or (own.is_shaped and at in one.right)  # "cobalt-60 ...; cobalt-57"
            ]
            words = {word for one in spans for _, word in concepts(self._text.text[one.start : one.end])}
            known = self._values_of[at] = frozenset(words - ask)
        return known

    def _own(self, at: int, others: Iterable[int]) -> frozenset[str]:
        """The words by which the request knows the owner of a fact, but no owner of the other facts."""
        shared = (self._facts[other].words.known for other in others if other != at)
        return self._facts[at].words.known.difference(*shared)

    @staticmethod
    def _singled(fact: CompiledFact, around: Mapping[str, float]) -> float:
        """Evidence that a thing is singled out, by other words than the request's."""
        if any(map(is_singling, fact.words.known)):
            return _best(around, CONCLUDING - fact.words.known, 1)
        return _best(around, [word for word in around if is_singling(word) and word != "only"], 1)

    def _continues(self, one: Statement, before: Statement, at: int) -> bool:
        """Whether a statement continues an enumeration of values of a fact: it is in the sentence of the one before,
        and no word in its clause is its own."""
        here = self._layout.at(one.start)
        if here.cell or before.start < here.sentence[0] or here.own is self._layout.at(before.start).own:
            return False
        ask = self._facts[at].words.ask
        if any(
            not one.start <= place < one.end and not word[0].isdigit() and word not in ask
            for place, word in (*here.own, *(here.host or ()))
        ):
            return False
        known = {word for other in one.said for word in self._facts[other].words.known}
        return not any(word in ask or word in known for _, word in here.within)

    def _around(self, one: Statement, inside: bool) -> Mapping[str, float]:
        around = self._layout.around(one.start, one.end, inside)
        clause = self._layout.at(one.start)
        if sum(word[0].isdigit() for _, word in clause.own) > _RUN:
            around = {word: weight for word, weight in around.items() if not word[0].isdigit()}
        extra = {"answer": 2.0} if self._text.is_strong(one.start) else {}
        if any(self._facts[at].kind.name in ("clock", "moment") for at in one.said):
            extra |= self._of_a_span(one)
        return {**around, **extra} if extra else around

    def _of_a_span(self, one: Statement) -> dict[str, float]:
        """Of two times joined by a dash, the first is a departure or beginning, the second an arrival or end."""
        text = self._text.text
        if _TO.match(text, one.end):
            return {"departure": CLAUSE}
        return {"arrival": CLAUSE} if _FROM.search(text, max(0, one.start - 24), one.start) else {}

    def _drop_misnamed(self, one: Statement) -> None:
        """Drop a statement that is under the name of a fact that it cannot be about: "capital: 292.52"."""
        labels = self._labels(one)
        if not labels:
            return
        others = [(self._called(at, labels), at) for at in range(len(self._facts)) if not one.right.get(at)]
        best, named = max(others, default=(0.0, 0))
        if best <= 0.5 or labels - self._spoken_of - {"us"} or self._has_own(named, one):
            return
        for at in one.said.keys() - {named}:
            # "biggest delay: 26 min" is no number of flights with a delay
            shared = (
                self._facts[at].kind.name in UNITED
                and self._facts[named].kind.name in ("count", "number")
                and self._facts[named].words.ask & labels <= self._facts[at].words.ask
            )
            called = self._called(at, labels)
            within = (
                self._facts[at].words.ask < self._facts[named].words.ask
            )  # "number of airports", "airport"
            tied = called == best and within and not one.right.get(at)
            less = called < best or (tied and self._goes_better(named, at, labels))
            if not shared and less and not self._goes_better(at, named, labels):
                self.misnamed.setdefault(at, (one, named))
                del one.said[at]

    @cached_property
    def _said_in_percent(self) -> frozenset[int]:
        """The facts that ask for a percentage, where the text gives one: a number above 100 is none of theirs."""
        said = {at for one in self._statements if _PERCENT.match(self._text.text, one.end) for at in one.said}
        return frozenset(
            at
            for at in said
            if self._facts[at].kind.name in NUMERIC_KINDS and "percent" in self._facts[at].words.ask
        )

    @cached_property
    def _spoken_of(self) -> set[str]:
        """The words of all facts."""
        found: set[str] = set()
        for fact in self._facts:
            found |= fact.words.ask | fact.words.known | fact.words.row
        return found

    def _goes_better(self, at: int, named: int, labels: set[str]) -> bool:
        """Whether labels have more words of a fact's ask than of another's: "how strong the wind was in the hour that
        the flight left" names a wind, and no number of flights."""
        return len(self._facts[at].words.ask & labels) > len(self._facts[named].words.ask & labels)

    def _called(self, at: int, labels: set[str]) -> float:
        """The share of the words of a fact's name, its owner's left out, that are among the labels of a value."""
        words = self._facts[at].words
        head = frozenset.intersection(*words.names) if words.names else frozenset()
        names = [name - (words.known - head) or name for name in words.names]
        return max((len(name & labels) / len(name) for name in names), default=0.0)

    def _labels(self, one: Statement) -> set[str]:
        """The words that name a value: those before ":" or "is" in its clause, in a table those of its column and
        row."""
        here = self._layout.at(one.start)
        if here.cell:
            return {word for word, weight in here.near.items() if weight == CLAUSE}
        if not _NAMED.search(self._text.text, max(here.start, one.start - 12), one.start):
            return set()
        return {word for place, word in here.own if place < one.start}

    def _has_own(self, at: int, one: Statement) -> bool:
        """Whether a fact has a statement of its own kind in the clause, or row, of a statement of another kind."""
        here = self._layout.at(one.start)
        for other in self._statements:
            if at not in other.right or self._names_only(other, at, one):
                continue
            there = self._layout.at(other.start)
            if there.own is here.own or there.host is here.own or here.host is there.own:
                return True
            if here.cell and there.sentence == here.sentence:
                return True
        return False

    def _names_only(self, label: Statement, at: int, one: Statement) -> bool:
        """Whether a saying about a property is only the label of a value: "rain or snow: 17 minutes"."""
        if self._facts[at].kind.name != "yes_no" or label.end > one.start:
            return False
        own = self._text.text[label.start : label.end]
        return own in self._facts[at].asked.aliases and label.start >= self._layout.at(one.start).start

    def _derived(self, one: Statement) -> bool:
        """Whether a number is said to be the outcome of a comparison: "higher by 2,979 ft", "a total of 450"."""
        sentence, _ = self._layout.at(one.start).sentence
        before = self._text.text[max(sentence, one.start - 80) : one.start]
        before = _PART_ENDS.split(before)[-1]
        if any(self._facts[at].kind.name in SHAPED or self._facts[at].kind.name in CLOSED for at in one.said):
            ruled_out = _RULED_OUT.match(self._text.text, one.end) is not None
            coded = any(self._facts[at].kind.name == "code" for at in one.said)
            return (coded or ruled_out) and _HYPOTHETICAL.search(before) is not None
        if AGAINST.search(before) or _OTHER_TWO.search(before):
            return True
        asked = {word for at in one.said for word in self._facts[at].words.ask}
        if _HYPOTHETICAL.search(before) and not _HYPOTHETICAL.search(self._all.request):
            return True
        if asked & _DIFFERENCES:  # it is what is asked for
            return False
        if _DERIVED.search(before) and not asked & _SUMS:
            return True
        if _HENCE.search(before):
            return False
        if _TOGETHER.match(self._text.text, one.end) and not asked & _SUMS:
            return True
        if _SHARED.match(self._text.text, one.end) and "share" not in asked:
            return True
        compared = _COMPARED.match(self._text.text, one.end, min(one.end + 48, len(self._text.text)))
        if compared is None:
            return False
        said = {compared[1], concept(compared[1])}
        return compared[1] in _LATER or not said & asked  # "2 were more than 15 minutes late"

    def _is_set_aside(self, one: Statement) -> bool:
        """Whether a name is only conceded, and the right one is in another sentence: "Ateneum is nearer, but shuts".
        Where the request asks for what is open, the right one may be said beside one that is closed."""
        if any(self._facts[at].kind.name not in CLOSED for at in one.said):
            return False
        shut = self.is_shut(one)
        if not shut and not self.is_conceded(one) and not self._closes(one):
            return False
        sentence = self._layout.at(one.start).sentence
        return any(
            any(other.right.get(at) for at in one.said)
            and (
                self._layout.at(other.start).sentence != sentence
                or ((shut or self._closes(one)) and not self.is_shut(other) and not self._closes(other))
            )
            for other in self._statements
        )

    def is_concluded(self, one: Statement) -> bool:
        """Whether a number is what an answer concludes: "..., so it's four"."""
        if any(self._facts[at].kind.name not in NUMERIC_KINDS for at in one.said):
            return False
        first, _ = self._layout.at(one.start).sentence
        hence = _HENCE.search(self._text.text, first, one.start)
        return hence is not None and _THAT_IS_ALL.match(self._text.text, one.end) is not None

    def is_shut(self, one: Statement) -> bool:
        """Whether "is closed" follows in its sentence, where the request asks for what is open."""
        return self._asks_for_open and _IS_CLOSED.match(self._text.text, one.end) is not None

    def _closes(self, one: Statement) -> bool:
        """Whether "closes" follows, as in "closes at 18:00", where the request asks for what is open."""
        return self._asks_for_open and _CLOSES.match(self._text.text, one.end) is not None

    def is_conceded(self, one: Statement) -> bool:
        """Whether "but" or, where the request asks for what is open, "is closed" follows in its sentence."""
        return self.is_shut(one) or _RULED_OUT.match(self._text.text, one.end) is not None

    @cached_property
    def _asks_for_open(self) -> bool:
        """Whether the request asks for what is open: "the nearest open museum"."""
        return "open" in self._all.request or any("open" in fact.fact.owner for fact in self._facts)

    def is_choice(self, at: int) -> bool:
        """Whether a fact is one of a thing that is to be chosen."""
        fact = self._facts[at]
        return fact.chosen is not None or any(map(is_singling, self._facts[at].owners))

    def _explain(self, one: Statement) -> None:
        """Drop the facts for which a statement is better explained as another value of the responses."""
        around: Mapping[str, float] | None = None
        for at in list(one.said):
            if self.gives_as_reason(one, at):
                continue  # what has the right value as its reason is what the answer says
            fact = self._facts[at]
            if fact.kind.name in NUMERIC_KINDS and self._is_asked_for(one, at):
                continue
            if fact.kind.name == "name" and self.standing.is_taken(one.start, one.end):
                continue
            for leaf in self._leaves(one, at):
                if leaf.place == fact.place:
                    continue
                if self._is_aside(one, at, leaf):
                    del one.said[at]
                    break
                if around is None:
                    around = self._around(one, inside=fact.kind.name not in CLOSED)
                sibling = _is_sibling(leaf.place, fact)
                alike = fact.place is not None and self._all.are_alike(leaf.place, fact.place)
                if alike and fact.kind.name in NUMERIC_KINDS and self._is_singled_out(one, at):
                    continue
                if alike and not sibling and (self._goes_on(one, at) or self.is_labelled(one, at)):
                    continue
                if self._of_another(leaf, at, around):
                    if sibling or self.is_choice(at):
                        one.sibling_of.add(at)
                        self.working.append(one)
                    del one.said[at]
                    break
                if sibling:
                    base, own = one.plain[at], one.evidence[at]
                else:
                    known = fact.words.known if _is_beside(leaf.place, fact) else leaf.words.known
                    base = _evidence(around, replace(leaf.words, known=known))
                    own = _evidence(around, fact.words) + ROW * _best(around, fact.words.row, 1)
                if base + ROW * _best(around, leaf.words.row - fact.words.known, 1) > own + MARGIN:
                    if sibling or (alike and any(map(is_singling, self._facts[at].owners))):
                        one.sibling_of.add(at)
                        self.working.append(one)
                    del one.said[at]
                    break

    def _is_singled_out(self, one: Statement, at: int) -> bool:
        """Whether the answer says of a statement's thing what the fact's thing is asked for: "the largest, Libreville,
        has 846,090"."""
        if not any(map(is_singling, self._facts[at].owners)):
            return False
        right = [other for other in self._statements if other.right.get(at)]
        here = self.singled(one.start, one.end, at, opening=False)
        best = max((self.singled(other.start, other.end, at, opening=False) for other in right), default=0.0)
        return here >= NEAR and here > best + MARGIN

    def _goes_on(self, one: Statement, at: int) -> bool:
        """Whether a statement follows another value of a fact with nothing but a comma between them."""
        before = self._before.get(at)
        return before is not None and _COMMA.fullmatch(self._text.text, before.end, one.start) is not None

    def _is_aside(self, one: Statement, at: int, leaf: Leaf) -> bool:
        """Whether a value of the responses is a part of a fact that is computed, the number of a flight, or a remark in
        a parenthesis behind the fact's value: "178 seats (a Boeing 757-222, 1990)"."""
        fact, said = self._facts[at], one.said[at]
        if fact.kind.name == "date":
            if self._is_remark(one, at):
                return True
            return fact.place is None and not self.is_labelled(one, at) and not self._is_joined(one, at)
        if fact.kind.name == "clock" or (fact.kind.name == "code" and not isinstance(fact.fact.value, int)):
            return self._is_remark(one, at)
        if fact.kind.name not in NUMERIC_KINDS:
            return False
        computed = fact.place is None and fact.kind.name != "delay" and not self.is_labelled(one, at)
        if computed and (said.value >= _LARGE or said.value % 1):
            return True
        text = self._text
        first = text.at[one.start]
        if "number" in leaf.words.ask and text.text[one.start : one.end].isdecimal():
            return _TITLED.search(text.written, max(0, first - 24), first) is not None
        return self._is_remark(one, at)

    def _is_remark(self, one: Statement, at: int) -> bool:
        """Whether a statement is in a parenthesis, or in a reason, after a fact's value."""
        return any(other.right.get(at) and self._leads_to(other, one, _INSIDE) for other in self._statements)

    def _is_joined(self, one: Statement, at: int) -> bool:
        """Whether a statement is joined to the fact's value: "on both 7 March (8 miles) and 8 March"."""
        text = self._text.text
        return any(
            other.right.get(at)
            and _JOINED.fullmatch(text, min(one.end, other.end), max(one.start, other.start))
            for other in self._statements
        )

    def gives_as_reason(self, one: Statement, at: int) -> bool:
        """Whether a fact's value is in a reason given after a statement."""
        return any(other.right.get(at) and self._leads_to(one, other, _REASON) for other in self._statements)

    def _leads_to(self, one: Statement, two: Statement, between: "re.Pattern[str]") -> bool:
        near = 0 <= two.start - one.end < _ASIDE
        return near and between.fullmatch(self._text.text, one.end, two.start) is not None

    def _of_another(self, leaf: Leaf, at: int, around: Mapping[str, float]) -> bool:
        """Whether the words around a value, which is the fact's property of another thing, name that thing rather than
        the fact's: "3507 landed 29 minutes early"."""
        fact = self._facts[at]
        if fact.place is None or not self._all.are_alike(leaf.place, fact.place):
            return False
        theirs = leaf.words.row | leaf.words.known
        ours = fact.words.row | fact.words.known
        own = (ours - theirs - GENERIC) | (self._own(at, range(len(self._facts))) - leaf.words.row)
        return _best(around, theirs - ours - fact.words.ask, 1) > _best(around, own, 1) + MARGIN

    def singled(self, start: int, end: int, at: int, opening: bool = True) -> float:
        """How closely words around a span single out what a fact is a fact of; the first words of an answer do, unless
        `opening` is false."""
        owner = self._facts[at].owners
        words = owner - GENERIC - set(of_texts([folded(self._facts[at].fact.ask)]))
        around = self._layout.around(start, end)
        singling = frozenset(filter(is_singling, owner))
        singling |= {"lowest"} if "nearest" in singling else set()  # "the shortest way"
        singling |= {"newest", "youngest"} if "last" in singling else set()
        singling |= {"worst"} if "last" in singling and self._facts[at].kind.name == "delay" else set()
        singling |= {"oldest", "eldest"} if "first" in singling else set()
        singling |= {"worst", "highest"} if singling & {"worst", "highest"} else set()  # "the most delayed"
        words = (
            singling | CONCLUDING
            if singling
            else words.union(set(filter(is_singling, around)) - {"only", "total"}, comparing(owner))
        )
        found = _best(around, words, 1)
        first, _ = self._layout.at(start).sentence
        before = self._text.text[first:start]
        if self.standing.is_taken(start, end):
            return CLAUSE
        few = len(before.split()) <= _OPENING or _THAT_IS.fullmatch(before)
        opens = opening and first == 0 and ":" not in before and few
        return max(found, NEAR if opens or self._text.is_strong(start) else 0.0)

    def is_another(self, one: Statement, at: int) -> bool:
        """Whether a statement is, in the responses, the fact's property of another thing."""
        place = self._facts[at].place
        return place is not None and any(
            self._all.are_alike(leaf.place, place) for leaf in self._leaves(one, at)
        )

    def is_elsewhere(self, one: Statement, at: int) -> bool:
        """Whether a statement is some other value of the responses."""
        place = self._facts[at].place
        return any(leaf.place != place for leaf in self._leaves(one, at))

    def is_labelled(self, one: Statement, at: int) -> bool:
        """Whether a statement is under the name of a fact, and nothing else: "Number: 6049"."""
        labels = self._labels(one)
        words = self._facts[at].words
        return bool(labels) and labels <= words.ask | words.known and self._called(at, labels) >= 0.5

    def _is_asked_for(self, one: Statement, at: int) -> bool:
        """Whether a statement is under all the words of a fact's ask: "the longest departure delay was 93 minutes"."""
        ask = set(of_texts([folded(self._facts[at].fact.ask)]))
        return len(ask) > 2 and ask <= self._labels(one)

    def _leaves(self, one: Statement, at: int) -> Iterator[Leaf]:
        """The values of the responses that a statement could be a saying of."""
        said, fact, leaves = one.said[at], self._facts[at], self._all.leaves
        text = self._text.text[said.start : said.end]
        if fact.kind.name in SHAPED:
            sayings = [said]
            if fact.kind.name == "clock" and 0 <= said.value < _NOON and not _HAS_MARK.search(text):
                sayings.append(said._replace(value=said.value + _NOON))  # "6:24" in the evening
            for value, places in leaves.of_kind(fact.kind.name):
                asked = fact.asked._replace(value=value, tolerance=0.0, aliases=())
                if any(fact.kind.same(one, asked) for one in sayings):
                    yield from leaves.at(places)
            return
        if fact.kind.name in CLOSED or fact.kind.name == "yes_no":
            yield from leaves.text(text)
            if isinstance(said.value, str) and said.value != text:
                yield from leaves.text(said.value)
            if isinstance(said.value, str) and said.value.isdecimal():
                yield from leaves.number(int(said.value), 0.0)
            return
        yield from leaves.number(said.value, said.slack)
        for numeral in numerals(text):
            if numeral.value != said.value:
                yield from leaves.number(numeral.value, numeral.slack)
                yield from leaves.number(-numeral.value, numeral.slack)


def _evidence(around: Mapping[str, float], words: Words) -> float:
    """How well the words around a statement go with the ask and the owner of a fact."""
    return KNOWN * _best(around, words.known, 3) + ASK * _best(around, words.ask - words.known, 3)


def _best(around: Mapping[str, float], words: Iterable[str], most: int) -> float:
    """The sum of the greatest weights of these words, `most` of them at most."""
    found = [around[word] for word in words if word in around]
    return sum(nlargest(most, found))  # from the greatest, so that the order of a set does not matter


def _is_sibling(place: tuple[str, str], fact: CompiledFact) -> bool:
    """Whether a place is the fact's, but for the row of the list that its thing is chosen from."""
    if fact.chosen is None or fact.place is None or place[0] != fact.place[0]:
        return False
    a, b = place[1].split("/"), fact.place[1].split("/")
    return len(a) == len(b) and all(
        x == y or (x.isdecimal() and y.isdecimal()) for x, y in zip(a, b, strict=True)
    )


def _is_beside(place: tuple[str, str], fact: CompiledFact) -> bool:
    """Whether a place is in the same object as the fact's."""
    return fact.place is not None and (place[0], place[1].rpartition("/")[0]) == (
        fact.place[0],
        fact.place[1].rpartition("/")[0],
    )
