"""Reading a final answer: which facts it states.

The statements of an answer (`statements`) are attributed to facts:

1. The words around a statement (`weighing`) are compared with those of every fact it could be about. If its evidence is
   clearly greatest for one fact, it is attributed to that one; a sentence with "both" or "all" may be about several.
2. A statement that its fact can spare, because another says it as well, goes to a fact without any whose value it is.
3. What the words do not tell apart is attributed by the order asked, to the facts that nothing is attributed to.

A fact counts in full if all that is attributed to it, by evidence about as good as the best, is its value; n different
values there (*rivals*) divide it by n. Where a thing is to be chosen from a list, its siblings' values are rivals too
unless the words single the right one out: naming every row chooses none.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .choice import Choice
from .contrary import Contrary
from .decided import Decided
from .facts import CLOSED, Facts
from .kinds.base import Said
from .layout import CLAUSE, NEAR, Clause, Layout
from .order import aligned, groups, value_of, without_repeats
from .statements import Finder, Statement
from .text import Folded, fold
from .weighing import MARGIN, Weigher
from .words import QUANTIFIERS, concepts, is_singling
from .working import LISTING, Working

_RESPECTIVELY = re.compile(r"\brespectively\b")
_ONLY = re.compile(r"\b(?:only|just) (?:(?:at|in|for|on|during|the) )*(?:hour of )?(?:the )?$")
_REFUSED = re.compile(r"\b(?:not|except(?: for)?|isn't|wasn't|aren't|instead of|rather than) (?:the )?$")
_IF = re.compile(r"\b(?:if|unless|whether)\b")
_NOT_THERE = re.compile(r"\b(?:no|not|unknown|missing|without)\b|n't\b")
CLOSE = 1.0
"""Evidence within this of a fact's best is about as good."""
ONE_WORD = 8.0
"""Evidence of one word of an owner."""
LEAST = 0.9
"""Evidence below this is none."""
LONGEST = 20_000
"""Characters of an answer that are read."""
MOST = 500
"""An answer with more values than this is no answer."""


@dataclass(frozen=True, slots=True)
class FactReading:
    """What was read of one fact. `share` is in [0, 1]; `start` and `end` are the span in the answer as written, in
    characters, and `quote` its text, of a wrong or denied value too; all empty if nothing was read. `why` says why it
    does not count in full, else it is ""."""

    name: str
    share: float
    quote: str = ""
    start: int = 0
    end: int = 0
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "share": self.share,
            "quote": self.quote,
            "span": [self.start, self.end],
            "why": self.why,
        }


class _Verdict(NamedTuple):
    """The share of a fact, the statement that it was judged by, and why it does not count in full."""

    share: float
    statement: Statement
    why: str


def read_text(facts: Facts, answer: str) -> tuple[FactReading, ...]:
    """What a text says of each fact, in the order of the task."""
    text = fold(answer[:LONGEST])
    finder = Finder(facts.facts, text)
    statements = finder.found()
    if len(statements) > MOST:
        return tuple(FactReading(fact.fact.name, 0.0, why=f"more than {MOST} values") for fact in facts.facts)
    statements = finder.sorted_out(statements)
    return _Reading(facts, text, finder, statements).result()


class _Reading:
    """One answer being read."""

    def __init__(self, facts: Facts, text: Folded, finder: Finder, statements: list[Statement]) -> None:
        self._facts = facts.facts
        self._all = facts
        self._text = text
        self._denied = finder.denied
        self._statements = statements
        self._layout = Layout(text, [(one.start, one.end) for one in statements if finder.is_value(one)])
        self._weigher = Weigher(facts, text, self._layout, statements)
        read = (facts, text, self._layout, statements, self._weigher)
        self._choice, self._working = Choice(*read), Working(*read)
        self._contrary = Contrary(facts, text, self._layout, statements)
        self._decided = Decided(*read, self._working, self._is_read)
        self._of: dict[int, list[Statement]] = {at: [] for at in range(len(self._facts))}
        self._shares: dict[int, _Verdict] = {}

    def _is_read(self, at: int) -> bool:
        return at in self._shares and self._shares[at].share == 1

    def result(self) -> tuple[FactReading, ...]:
        for one in self._statements:
            self._weigher.weigh(one)
        self._listed_in_order()
        self._respectively()
        floating = [one for one in self._statements if not self._attributed(one)]
        self._judge_attributed()
        self._by_order(floating)
        for at, of in self._of.items():
            if of and self._shares[at].share < 1:  # more is decided by now
                self._shares[at] = self._judged(at)
        for at, verdict in list(self._shares.items()):
            if verdict.share and self._decided.only_of_another(at):
                self._shares[at] = _Verdict(0.0, verdict.statement, "said of another")
        self._said_at_once()
        self._said_of_only_one()
        discount = self._discount()
        return tuple(self._shown(at, discount) for at in range(len(self._facts)))

    def _listed_in_order(self) -> None:
        """Values in a row, "in 1797, 1844 and 1751", belong to as many facts in the order in which the sentence, or the
        one before it, names their owners."""
        run: list[Statement] = []
        for one in (*self._statements, None):
            joined = (
                one is not None
                and run
                and set(one.said) & set(run[-1].said)
                and LISTING.fullmatch(self._text.text, run[-1].end, one.start)
            )
            if one is not None and (joined or not run):
                run.append(one)
            elif one is None or one.start >= run[-1].end:
                self._in_turn(run)
                run = [one] if one is not None else []

    def _in_turn(self, run: list[Statement]) -> None:
        if len(run) < 2:
            return
        facts = sorted(set.intersection(*(set(one.said) for one in run)))
        owners = {at: self._owner_words(at, facts) for at in facts}
        if len(facts) != len(run) or not all(owners.values()):
            return
        sentence = self._layout.at(run[0].start).sentence
        before = self._layout.at(max(0, sentence[0] - 1)).sentence
        for first, after in (sentence, before):
            spoken = list(concepts(self._text.text[first:after]))
            named = [(next((place for place, word in spoken if word in owners[at]), -1), at) for at in facts]
            if all(place >= 0 for place, _ in named):
                for one, (_, at) in zip(run, sorted(named), strict=True):
                    one.said = {at: one.said[at]}
                return

    def _owner_words(self, at: int, others: Sequence[int]) -> frozenset[str]:
        """The words by which the request knows the owner of a fact, but none of the others."""
        shared = (self._facts[other].words.known for other in others if other != at)
        return self._facts[at].words.known.difference(*shared)

    def _respectively(self) -> None:
        """Where a sentence says "respectively", its values belong to the facts in the order of their names in it."""
        for match in _RESPECTIVELY.finditer(self._text.text):
            first, after = self._layout.at(match.start()).sentence
            inside = [one for one in self._statements if first <= one.start < after and len(one.said) > 1]
            facts = sorted(set.intersection(*(set(one.said) for one in inside))) if inside else []
            named = [(self._first_named(at, facts, first, after), at) for at in facts]
            named = [one for one in named if one[0] >= 0]
            if len(named) == len(inside):
                for one, (_, at) in zip(inside, sorted(named), strict=True):
                    one.said = {at: one.said[at]}

    def _first_named(self, at: int, facts: Sequence[int], first: int, after: int) -> int:
        """Where a sentence first has a word of a fact that other facts do not have; -1 if it has none."""
        own = self._own_words(at, facts)
        return next((place for place, word in concepts(self._text.text[first:after]) if word in own), -1)

    def _attributed(self, one: Statement) -> bool:
        """Attribute a statement if its evidence is clear; whether nothing is left to decide about it."""
        if not one.said:
            return True
        best = max(one.evidence[at] for at in one.said)
        several = self._meant_at_once(one) if len(one.said) > 1 else []
        if several:
            for at in several:
                self._of[at].append(one)
            return True
        if best < LEAST:
            return False
        close = [at for at in one.said if one.evidence[at] >= best - MARGIN]
        if len(close) == 1:
            self._of[close[0]].append(one)
            return True
        one.said = {at: one.said[at] for at in close}
        return False

    def _meant_at_once(self, one: Statement) -> list[int]:
        """The facts that a statement is about at once: its sentence says "both" or "all", or names each one's owner
        and no more; empty if it is about one."""
        first, after = self._layout.at(one.start).sentence
        if first == after or not QUANTIFIERS.search(self._text.text, first, after):
            return []
        if any(
            other is not one and first <= other.start < after and set(other.said) & set(one.said)
            for other in self._statements
        ):
            return []
        spoken = {word for _, word in concepts(self._text.text[first:after])}
        named = [at for at in one.said if self._own_words(at, one.said) & spoken]
        return named if len(named) > 1 else [] if named else list(one.said)

    def _own_words(self, at: int, others: Iterable[int]) -> frozenset[str]:
        """The words by which a fact differs from others."""
        words = self._facts[at].words
        shared = {
            word
            for other in others
            if other != at
            for word in self._facts[other].words.known | self._facts[other].words.ask
        }
        return (words.known | words.ask | words.row) - shared

    def _judge_attributed(self) -> None:
        """Judge the facts that statements are attributed to. A statement that its fact can spare goes to a fact without
        any, if it states that one."""
        for held, of in self._of.items():
            for one in list(of):
                if one.right.get(held):
                    continue
                fits = next(
                    (at for at in one.right if one.right[at] and at != held and not self._of[at]), None
                )
                if fits is None or not self._spare(one, held):
                    fits = self._repeats(one, held)
                if fits is None:
                    continue
                of.remove(one)
                one.plain.setdefault(fits, 0.0)
                self._of[fits].append(one)
        names_first = sorted(self._of, key=lambda at: self._facts[at].kind.name not in CLOSED)
        for at in names_first:
            if self._of[at]:
                self._shares[at] = self._judged(at)

    def _repeats(self, one: Statement, held: int) -> int | None:
        """The fact that a statement only says again, if it is attributed to another that is said elsewhere, or before
        it in the order asked, and is not clearly under the name of that one."""
        line = self._layout.at(one.start).sentence
        rights = [other for other in self._of[held] if other.right.get(held)]
        near = [other for other in rights if self._layout.at(other.start).sentence == line]
        behind = any(other.end <= one.start for other in near)
        for at, right in one.right.items():
            told = any(other is not one and other.right.get(at) for other in self._of[at])
            if (
                not right
                or not told
                or at == held
                or one.plain[held] - one.plain.get(at, -ONE_WORD) >= ONE_WORD
            ):
                continue
            if (rights and not near) or (behind and at > held):
                return at
        return None

    def _spare(self, one: Statement, held: int) -> bool:
        """Whether another statement states the fact at least about as well."""
        return any(
            other is not one
            and (other.right.get(held, False) or other.plain[held] > one.plain[held] + CLOSE)
            and other.plain[held] >= one.plain[held] - ONE_WORD / 2
            for other in self._of[held]
        )

    def _judged(self, at: int) -> _Verdict:
        """The share of a fact that statements are attributed to, the statement that counts, and why not in full."""
        of = self._decided.without_others(at, self._of[at])
        concluding = self._undecided(at, of)
        of = concluding or of
        best = max(one.plain[at] for one in of)
        top = [one for one in of if one.plain[at] >= best - CLOSE]
        top += [one for one in of if one not in top and one.instead_of in top]
        right = next((one for one in top if one.right[at]), None)
        if right is None:
            shown = self._text.quoted(top[0].start, top[0].end)
            return _Verdict(0.0, top[0], f"states {shown!r}")
        wrong = [
            one
            for one in of
            if not one.right[at] and not self._is_mentioned(one, at) and not self._weigher.is_foreign(one, at)
        ]
        rivals = {value_of(one, at) for one in wrong if one in top or self._weigher.gives_as_reason(one, at)}
        final = {
            value_of(one, at)
            for one in of
            if not one.right[at]
            and (
                self._weigher.is_concluded(one)
                or any(other.right[at] and self._working.corrects(one, other) for other in of)
            )
        }
        rights = [one for one in top if one.right[at]]
        rivals -= self._working.values(at, wrong, rights)
        rivals |= final
        if of is self._of[at]:
            rivals |= self._singled_out(at, rights)
        rivals |= self._siblings(at, rights, {self._layout.at(one.start).sentence for one in concluding})
        if rivals:
            listed = ", ".join(sorted(map(str, rivals))[:3])
            return _Verdict(
                1 / (1 + len(rivals)), right, f"states {len(rivals)} other value(s) as well: {listed}"
            )
        return self._alone(at, right)

    def _undecided(self, at: int, of: list[Statement]) -> list[Statement]:
        """Where an answer concludes, under the name of a fact or by saying its value again, what else it says in the
        place where it concludes; else nothing."""
        elsewhere = {id(one) for other, some in self._of.items() if other != at for one in some}
        rights = [
            one
            for one in self._statements
            if at in one.said and one.right[at] and (one in of or id(one) not in elsewhere)
        ]
        concluding = [one for one in of if self._weigher.is_labelled(one, at)]
        if len({value_of(one, at) for one in concluding}) > 1 and all(
            self._layout.at(one.start).cell for one in concluding
        ):
            concluding = []  # the column of a table, in which every row has one
        if not concluding and (found := self._superlative(at, of)):
            return found
        if not concluding:
            lines = {self._layout.at(one.start).sentence for one in rights}
            if len(lines) < 2:
                return []
            said: dict[Any, set[tuple[int, int]]] = {}
            wrong = [one for one in of if not one.right[at]]
            for one in wrong:
                said.setdefault(value_of(one, at), set()).add(self._layout.at(one.start).sentence)
            concluding = [one for one in rights if self._layout.at(one.start).sentence == max(lines)]
            concluding += [one for one in wrong if len(said[value_of(one, at)]) > 1]
        if not any(one.right[at] for one in concluding):
            return []
        lines = {self._layout.at(one.start).sentence for one in concluding}
        beside = [one for one in of if one not in concluding and self._layout.at(one.start).sentence in lines]
        return concluding + beside

    def _superlative(self, at: int, of: list[Statement]) -> list[Statement]:
        """What an answer says of the one that it singles out, if that is right: "Helen was 49 minutes late and Kate,
        the worst off, 54"."""
        fact = self._facts[at]
        if fact.kind.name in CLOSED or not any(map(is_singling, self._facts[at].owners)):
            return []
        singled = [(self._weigher.singled(one.start, one.end, at, opening=False), one) for one in of]
        best = max((weight for weight, _ in singled), default=0.0)
        found = [one for weight, one in singled if weight > best - MARGIN]
        behind = [one for one in of if one.start >= found[-1].end]
        taken_back = any(self._working.corrects(one, found[-1]) for one in behind)
        decided = best > 0 and len(found) < len(of) and not taken_back
        return found if decided and all(one.right[at] for one in found) else []

    def _one_of(self, at: int, said: list[Statement]) -> _Verdict:
        """The verdict on a fact that one statement is about, or several joined by "or"."""
        right = next((one for one in said if one.right.get(at)), None)
        if right is None:
            shown = self._text.quoted(said[0].start, said[0].end)
            return _Verdict(0.0, said[0], f"states {shown!r} in its place")
        if len(said) == 1:
            return self._alone(at, right)
        return _Verdict(1 / len(said), right, f"one of {len(said)} values, without a word on which is meant")

    def _alone(self, at: int, one: Statement) -> _Verdict:
        """The verdict on a fact that one statement alone is about, and states."""
        if why := self._contrary.why(at):
            return _Verdict(0.0, one, why)
        denied = self._denied.get(at)
        if self._facts[at].kind.name in CLOSED and denied is not None and denied.start > one.end:
            first, _ = self._layout.at(denied.start).sentence
            refused = _REFUSED.search(self._text.text, max(first, denied.start - 24), denied.start)
            if refused is not None and not _IF.search(self._text.text, first, denied.start):
                return _Verdict(0.5, one, "denied as well")
        share, why = self._choice.left_open(at, one)
        if one.hedged and share > 0.5:
            return _Verdict(0.5, one, "states something else as well, joined by 'or'")
        return _Verdict(share, one, why)

    def _singled_out(self, at: int, right: Sequence[Statement]) -> set[Any]:
        """Wrong values of a fact, said in other words, of what the answer singles out rather than what has the right
        one."""
        if self._decided.by(at) is not None or not any(map(is_singling, self._facts[at].owners)):
            return set()
        singled = max(self._weigher.singled(one.start, one.end, at) for one in right)
        return {
            value_of(one, at)
            for one in self._of[at]
            if not one.right[at]
            and self._weigher.singled(one.start, one.end, at) > singled + MARGIN
            and self._weigher.is_another(one, at)
        }

    def _siblings(self, at: int, right: Sequence[Statement], lines: set[tuple[int, int]]) -> set[Any]:
        """Values of other rows of the list that the fact's thing is chosen from, said just as the right one is, and not
        under another name than the answer decides on; where the answer concludes, in these lines only."""
        best = max(one.plain[at] for one in right)
        singled = max(self._weigher.singled(one.start, one.end, at) for one in right)
        return {
            self._text.text[one.start : one.end]
            for one in self._weigher.working
            if at in one.sibling_of
            and (not lines or self._layout.at(one.start).sentence in lines)
            and not self._decided.is_under_another(one, at)
            and not self._weigher.is_conceded(one)
            and not self._working.has_company(one, at, right)
            and self._weigher.singled(one.start, one.end, at)
            > singled + (-MARGIN if one.plain[at] >= best - 3 * CLOSE else MARGIN)
        }

    def _by_order(self, floating: list[Statement]) -> None:
        """Attribute what is left by the order asked, to the facts without any that can be meant."""
        for one in floating:
            meant = {at: said for at, said in one.said.items() if not self._weigher.is_foreign(one, at)}
            one.said = meant or one.said
        for group in groups(floating):
            open_facts = sorted({at for one in group for at in one.said if at not in self._shares})
            if open_facts:
                self._in_order(group, open_facts)

    def _in_order(self, group: list[Statement], open_facts: list[int]) -> None:
        group = [one for one in group if any(at in one.said for at in open_facts)]
        first = [one for one in group if one.instead_of not in group]
        if len(first) > len(open_facts):
            first = without_repeats(first, open_facts)
        if len(first) <= len(open_facts):
            for at, one in aligned(first, open_facts):
                self._shares[at] = self._one_of(at, [one, *_joined_to(one, group)])
            return
        for at in open_facts:
            own = [one for one in group if at in one.said]
            if len(open_facts) == 1:
                own = self._undecided(at, own) or own
            right = next((one for one in own if one.right[at]), None)
            if right is not None:
                own = self._singled_among(
                    at, self._decided.beside(at, self._without_mentioned(at, right, own))
                )
                wrong = [one for one in own if not one.right[at]]
                working = (
                    self._working.values(at, wrong, [one for one in own if one.right[at]]) if wrong else set()
                )
                own = [one for one in own if one.right[at] or value_of(one, at) not in working]
                sharing = {other for one in own for other in one.said if other in open_facts}
                share = min(1.0, len(sharing) / len(own))
                why = "" if share == 1 else f"one of {len(own)} values, without a word on which is meant"
                self._shares[at] = _Verdict(share, right, why)

    def _singled_among(self, at: int, own: list[Statement]) -> list[Statement]:
        """The statements that an answer decides on in so many words, if they are right: "You should have gone to New
        Orleans; Salt Lake City was close"."""
        opening = self._facts[at].is_shaped
        weights = [self._weigher.singled(one.start, one.end, at, opening) for one in own]
        best = max(weights, default=0.0)
        found = [one for one, weight in zip(own, weights, strict=True) if weight > best - MARGIN]
        decided = best >= (NEAR if opening else CLAUSE) and len(found) < len(own)
        decided = decided and all(one.right[at] for one in found)
        return found if decided and self._weigher.is_choice(at) else own

    def _without_mentioned(self, at: int, right: Statement, own: list[Statement]) -> list[Statement]:
        """Statements of a name without wrong ones that are only mentioned where the right one is said: "Pickwick is
        nearer, 352 m against 719 m to Hemingway's"."""
        if self._facts[at].kind.name not in CLOSED or not self._choice.is_said(right.start, right.end, at):
            return own
        return [one for one in own if one.right[at] or self._choice.is_said(one.start, one.end, at)]

    def _is_mentioned(self, one: Statement, at: int) -> bool:
        """Whether a name is only mentioned, as the value of another fact: "Pickwick is nearer to Kinopalatsi"."""
        closed = self._facts[at].kind.name in CLOSED
        return closed and any(one.right.values()) and not self._choice.is_said(one.start, one.end, at)

    def _said_at_once(self) -> None:
        """One statement may serve a second fact of the same value, where its sentence names that one's owner too."""
        for at in range(len(self._facts)):
            if at in self._shares:
                continue
            for other, (share, one, _) in list(self._shares.items()):
                if share < 1 or not self._is_right(one, other, at):
                    continue
                first, after = self._layout.at(one.start).sentence
                spoken = {word for _, word in concepts(self._text.text[first : max(after, one.end)])}
                alike = self._facts[at].fact.ask == self._facts[other].fact.ask != "" and not any(
                    word in self._owner_words(at, (other,)) for _, word in concepts(self._text.text)
                )
                known = self._facts[at].words.known | self._facts[at].words.ask
                own = self._own_words(at, (other,)) & known & spoken and not _NOT_THERE.search(
                    self._text.text, one.end, max(after, one.end)
                )
                if (
                    (alike and self._facts[at].kind.name == "name")
                    or own
                    or QUANTIFIERS.search(self._text.text, first, after)
                ):
                    self._shares[at] = _Verdict(1.0, one, "")
                    break

    def _said_of_only_one(self) -> None:
        """ "Only Newark had rain" says no of every other airport."""
        for at, fact in enumerate(self._facts):
            if at in self._shares or fact.kind.name != "yes_no" or not fact.asked.aliases:
                continue
            for other, (share, one, _) in list(self._shares.items()):
                alike = self._facts[other].asked.aliases == fact.asked.aliases
                if share < 1 or not alike or other not in one.said or not self._only(one, other, at):
                    continue
                opposite = {"yes": "no", "no": "yes"}.get(one.said[other].value, "")
                if fact.kind.same(one.said[other]._replace(value=opposite), fact.asked):
                    self._shares[at] = _Verdict(1.0, one, "")
                    break

    def _only(self, one: Statement, other: int, at: int) -> bool:
        """Whether "only" is before the owner of a fact, in the clause of a statement."""
        own = self._owner_words(other, (at,))
        return any(
            word in own and _ONLY.search(self._text.text, max(0, place - 32), place)
            for place, word in self._layout.at(one.start).own
        )

    def _is_right(self, one: Statement, other: int, at: int) -> bool:
        if one.right.get(at):
            return True
        a, b = self._facts[other], self._facts[at]
        return a.kind is b.kind and other in one.said and b.kind.same(one.said[other], b.asked)

    def _discount(self) -> float:
        """What is left of every fact when an answer recites the responses: clauses that are nothing but a value."""
        fair = 2 * len(self._facts) + 5
        clauses = self._layout.clauses
        if len(clauses) <= fair:
            return 1.0
        right = [(one.start, one.end) for one in self._statements if any(one.right.values())]
        others = (
            clause
            for clause in clauses
            if not clause.cell
            and not clause.json
            and not any(first < clause.end and clause.start < after for first, after in right)
        )
        return fair / max(fair, len({self._bare(clause) for clause in others} - {""}))

    def _bare(self, clause: Clause) -> str:
        text = self._text.text[clause.start : clause.end].strip(" .,;:\"'-")
        return text if self._all.leaves.holds(text) else ""

    def _shown(self, at: int, discount: float) -> FactReading:
        if at not in self._shares:
            return self._not_stated(at)
        share, one, why = self._shares[at]
        if discount < 1 and not why:
            why = "the answer recites the responses"
        return self._read(at, share * discount, one.said.get(at, one), why)

    def _not_stated(self, at: int) -> FactReading:
        """The reading of a fact that no statement is attributed to: its value may be denied, or be under another
        fact's name."""
        if at in self._denied:
            return self._read(at, 0.0, self._denied[at], "denied")
        if at not in self._weigher.misnamed:
            return FactReading(self._facts[at].fact.name, 0.0, why="not stated")
        one, named = self._weigher.misnamed[at]
        shown = self._text.quoted(one.start, one.end)
        why = f"{shown!r} is under the name of {self._facts[named].fact.name!r}"
        return self._read(at, 0.0, one, why)

    def _read(self, at: int, share: float, said: Said | Statement, why: str) -> FactReading:
        first, after = self._text.span(said.start, said.end)
        return FactReading(
            self._facts[at].fact.name, share, self._text.written[first:after], first, after, why
        )


def _joined_to(one: Statement, others: Sequence[Statement]) -> list[Statement]:
    """The statements that are joined to one by "or", directly or one after another."""
    found: list[Statement] = []
    for other in others:
        if other.instead_of is one or other.instead_of in found:
            found.append(other)
    return found
