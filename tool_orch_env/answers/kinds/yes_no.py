"""Yes, no and limited: "wheelchair accessible", "no step-free access", "partially accessible", "✓".

The kind reads the polarity itself, negation included. What the answer is about, the property, is one of the fact's
aliases ("outdoor seating"); "accessible" and its kin are known.
"""

import re
from functools import lru_cache
from typing import ClassVar

from ..polarity import denied
from ..text import folded
from .base import Asked, Kind, Said

YES, NO, LIMITED = "yes", "no", "limited"
_VALUES = {
    **dict.fromkeys(("yes", "true", "1", "designated", "✓"), YES),
    **dict.fromkeys(("no", "false", "0", "none", "✗"), NO),
    **dict.fromkeys(("limited", "partial", "partially", "partly"), LIMITED),
}
_GOES_ON = (
    "it|its|it's|they|he|she|we|you|i|that|that's|this|there|these|those|the|a|an|because|since|as|but|and|not|neither"
    "|none|only|his|her|their|our|my|at|in|on|for|from|by|with|to|is|was|are|were|if|sorry|unfortunately|all|both|each|every"
)
"""What follows "no" where it is an answer: "no it isn't", but "no rate was published"."""
_BARE = re.compile(
    r"(?<![\w'])(?:(?P<yes>yes|yep|yeah|true|indeed)"
    r"|(?P<limited>limited|partial|partially|partly)(?! (?:to|by|time|edition)\b)"
    r"|(?P<no>(?:nope|false|none)(?! ?(?:\. ?)?\d)|no(?! ?\. ?\d)(?=\s*(?:[^\w\s]|$)|\s*\n| (?:"
    + _GOES_ON
    + r")\b))"
    r"(?! (?:more|less|fewer|later|earlier)\b))(?![\w'-])"
)
_START = re.compile(r"(?:^|[\n.;:!?|,(){\[=\"'>*-] ?|\b(?:is|are|was|as|answer|so|but|not|it's) |n't )$")
_NOT = ("not ", "n't ")
_MARKS = re.compile("(?P<yes>[✓✔✅☑👍])|(?P<no>[✗✘❌✖⛔🚫])")
_PUT = "(?:mapped|marked|tagged|listed|given|recorded|described)"
_PARTLY = (
    "partial|partially|partly|limited|some|somewhat|restricted|only partially|only partly|not fully|not completely"
    "|not entirely|reduced|to a limited extent"
)
_ACCESS = (
    r"(?:full |fully |completely |entirely |easily |generally )?"
    r"(?:(?:wheel-?chairs?|wheel chairs?|step-?free|barrier-?free|disabled|level)[ -])?"
    r"(?:accessib(?:le|ility)|access|friendly|entrance|entry)"
    r"(?: (?:for|by|to|with)(?: a| people in| people with)? ?(?:wheelchairs?|wheelchair users))?"
)
_ACCESSIBLE = re.compile(
    rf"(?<!\w)(?:(?P<p1>{_PARTLY})[ -]+(?:for )?{_ACCESS}"
    r"|(?:wheel-?chair )?access(?:ibility)?(?: for wheelchairs?)? (?:is|was|:|=) ?(?:only )?"
    rf"(?:{_PUT} as )?(?P<p2>{_PARTLY})"
    rf"|(?P<n1>inaccessible|un-?accessible"
    rf"|(?P<n2>no|without|lacks|lacking|not|isn't|isnt|never)[ -](?:a |any )?{_ACCESS})"
    rf"|(?P<y1>{_ACCESS})"
    rf"|step-?free|barrier-?free)(?!\w)"
)
_STRONG = ("wheel", "accessible", "step", "barrier")
_NEGATED_AFTER = re.compile(
    r"(?: (?:is|are|was|were))?(?: (?:currently|also))?(?: not|n't)"
    r" (?:available|possible|provided|offered|allowed|there|present|supported)"
    r"|(?: (?:is|are|was|were))? unavailable"
    r"|(?: is| are)? ?(?::|=|-|\||,)? ?\"?(?:no|false|none)(?![\w'-])(?! (?:doubt|longer|one|problem))"
)
_LIMITED_AFTER = re.compile(
    r"(?: (?:is|are|was|were))? ?(?::|=|-|\|)? ?\"?(?:only )?(?:limited|partial|partially|partly|restricted)\b"
)
_POSITIVE_AFTER = re.compile(r"(?: is| are)? ?(?::|=|-|\|) ?\"?(?:yes|true)(?!\w)")
_IT = r"(?:it|they|that|you|he|she|we)"
_IS_NOT = (
    r"(?:(?:'s| is| are| was| were| do| does| did| have| has| could| would)(?: not|n't)"
    r"| can't| cannot| won't| will not)"
)
_NO_WAY = (
    "not (?:quite|really|at all|a chance|this time|possible|nearly|even close)|not|no chance|no way|far from it"
    "|by no means"
)
_SHORT = re.compile(
    rf"(?:\b(?:i'm |i am )?afraid (?:(?P<yes>so)|(?P<no>not|{_IT}{_IS_NOT}))"
    r"|(?:^|(?<=[\n.!?] )|(?<=\n)|\b(?:sorry|unfortunately|sadly|alas|regrettably),? )"
    rf"(?P<no2>{_NO_WAY}|{_IT}{_IS_NOT}))"
    r"(?=\s*(?:[.,:;!\n]|$| (?:if|since|because|as|at least)\b))"
)
"""An answer without a word of what it is about: "I'm afraid not", "Sadly, it isn't."."""
_NEGATOR = re.compile(r"\b(?:no|without|lacks?|lacking|not|never|neither|nor|hardly|non|cannot)\b|n't\b")
_CLAUSE = re.compile(r"[\n.;:!?|,(]|\b(?:but|and|however|though|although|while|because)\b")
_NEAR = 64
_RAIN = re.compile(r"\b(?:rain|snow|precipitation)\b")
_WET = ("precipitation", "shower", "drizzle", "wet")
_DRY = re.compile(r"(?<!\w)dry(?!\w)")
_PLACE = re.compile(r" (?:at|in|on) (?!least|most|time)")
_IF = re.compile(r"\b(?:whether|if)\b[^,.;:!?\n]{0,40}$")
_AMOUNT_AFTER = re.compile(
    r"(?: (?:was|is|of|total|totals|totalled))?(?: ?[:=(|])? ?(?P<none>(?:0(?:\.0+)?|zero|none|nil)(?![\w.]))?"
)
_NOT_AT = re.compile(r"(?<!\w)(?:but|and|though|,) ?not(?= (?:at|in|for|on|during|when|the)\b)")
_ENDING = re.compile(r"\b(?:is|are|does|do)(?P<not> not|n't)?(?=\s*(?:[.;!)]|$|\n|, (?:but|while|whereas)))")
_REACH = 160
"""How far back, in characters, a saying is taken up."""


class YesNo(Kind):
    """Yes or no, recorded as a boolean or as "yes", "no" or "limited"."""

    name: ClassVar[str] = "yes_no"

    def read(self, text: str, asked: Asked) -> list[Said]:
        found = [(m.start(), m.end(), _group(m)) for m in _MARKS.finditer(text)]
        about = any(word in asked.request for word in _STRONG)
        if about or any(word in text for word in _STRONG):
            matches = (
                match
                for match in _ACCESSIBLE.finditer(text)
                if any(word in match[0] for word in _STRONG) or (about and (match["p1"] or match["p2"]))
            )
            found += [_of_property(text, match) for match in matches]
        for alias in asked.aliases:
            if pattern := _property(alias):
                found += [
                    _of_named(text, match) for match in pattern.finditer(text) if not _is_asked(text, match)
                ]
        if any(map(_RAIN.search, asked.aliases)):
            dry = [match for match in _DRY.finditer(text) if not _is_asked(text, match)]
            found += [(m.start(), m.end(), YES if _is_negated(text, m.start(), m.end()) else NO) for m in dry]
        found += _bare(text, sorted(found))
        found += [(m.start(), m.end(), YES if m["yes"] else NO) for m in _SHORT.finditer(text)]
        found += _elliptical(text, sorted(found))
        said: list[Said] = []
        for start, end, value in sorted(found, key=lambda one: (one[0], -one[1])):
            if not said or start >= said[-1].end:
                said.append(Said(start, end, value))
        return said

    def same(self, said: Said, asked: Asked) -> bool:
        return bool(said.value == normal(asked.value))

    def forms(self, asked: Asked) -> list[str]:
        wanted, about = normal(asked.value), next(iter(asked.aliases), "")
        if wanted == YES:
            of_it = [f"{about}: yes", f"it has {about}"] if about else ["it is wheelchair accessible"]
            return ["yes", "Yes.", "Yes, it is", *of_it, "true", "✓"]
        if wanted == NO:
            access = ["it is not wheelchair accessible", "no wheelchair access"]
            of_it = [f"{about}: no", f"it does not have {about}", f"no {about}"] if about else access
            return ["no", "No.", "No, it is not", *of_it, "false", "✗"]
        if wanted == LIMITED:
            return ["limited", "partially accessible", "limited wheelchair access", "partial"]
        return [str(asked.value)]


def _bare(text: str, taken: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """ "Yes", "no" and "limited" at the start of a clause, outside sayings about a property."""
    at, found = 0, []
    for match in _BARE.finditer(text):
        start, end = match.span()
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        before = text[max(0, start - 8) : start]
        begins = _START.search(before) or (before.endswith(" and ") and text.startswith(",", end))
        if (at == len(taken) or taken[at][0] >= end) and begins:
            value = _group(match)
            found.append((start, end, _opposite(value) if before.endswith(_NOT) else value))
    return found


def _elliptical(text: str, taken: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """ "The museum is not", "the café is": a verb that ends its clause takes up the saying before it."""
    found = []
    for match in _ENDING.finditer(text):
        before = [one for one in taken if one[1] <= match.start()]
        if (
            before
            and match.start() - before[-1][1] <= _REACH
            and "\n\n" not in text[before[-1][1] : match.start()]
        ):
            value = NO if match["not"] else YES
            if value == NO or before[-1][2] == NO:  # "is" alone only contradicts
                found.append((match.start(), match.end(), value))
    for match in _NOT_AT.finditer(text):  # "it rained in Lund but not in Oslo"
        last = next((one for one in reversed(taken) if one[1] <= match.start()), None)
        if last is not None and not re.search(r"[.;\n]", text[last[1] : match.start()]):
            found.append((match.end() - len("not"), match.end(), _opposite(last[2])))
    return found


def properties(ask: str) -> tuple[str, ...]:
    """What an ask for a yes or no is about, one way or another: "rain or snow at Kennedy" is about rain, and snow."""
    plain = folded(ask)
    if any(word in plain for word in _STRONG) or not plain:
        return ()
    about = _PLACE.split(plain)[0]
    meant = (
        *(_WET if _RAIN.search(plain) else ()),
        *(("fit", "fitted", "room") if plain.startswith("room for ") else ()),
    )
    return tuple(dict.fromkeys((about, *about.split(" or "), *meant)))


def normal(value: object) -> str:
    """A recorded value as "yes", "no" or "limited"; its text if it is none of them."""
    text = folded(str(value))
    return _VALUES.get(text, text)


def _group(match: "re.Match[str]") -> str:
    return match.lastgroup or YES


def _opposite(value: str) -> str:
    return {YES: NO, NO: YES}.get(value, value)


def _of_property(text: str, match: "re.Match[str]") -> tuple[int, int, str]:
    """A saying about access, with the polarity of its clause."""
    start, end = match.span()
    if match["p1"] or match["p2"]:
        return start, end, LIMITED
    value = NO if match["n1"] else YES
    if match["n2"]:
        return start, end, value
    return _settled(text, start, end, value)


def _of_named(text: str, match: "re.Match[str]") -> tuple[int, int, str]:
    """A saying about a property named by an alias."""
    return _settled(text, match.start(), match.end(), YES)


def _is_asked(text: str, match: "re.Match[str]") -> bool:
    """Whether a property is only asked about: "whether it rained"."""
    return _IF.search(text, max(0, match.start() - _NEAR), match.start()) is not None


def _settled(text: str, start: int, end: int, value: str) -> tuple[int, int, str]:
    """The value that the words after a property, or a negation before it, leave."""
    if after := _LIMITED_AFTER.match(text, end):
        return start, after.end(), LIMITED
    if after := _NEGATED_AFTER.match(text, end):
        return start, after.end(), NO
    if after := _POSITIVE_AFTER.match(text, end):
        return start, after.end(), YES
    if (after := _AMOUNT_AFTER.match(text, end)) and after["none"]:
        return start, after.end(), NO
    return start, end, _opposite(value) if _is_negated(text, start, end) else value


def _is_negated(text: str, start: int, end: int) -> bool:
    """Whether a negation is before a property in its clause."""
    before = text[max(0, start - _NEAR) : start]
    last = 0
    for cut in _CLAUSE.finditer(before):
        last = cut.end()
    return _NEGATOR.search(before, last) is not None or denied(text, start, end)


@lru_cache(maxsize=512)
def _property(alias: str) -> "re.Pattern[str] | None":
    words = re.findall(r"[^\W_]+", folded(alias))
    if not words or folded(alias) in _VALUES:
        return None
    last = re.escape(words.pop())
    first = "".join(rf"{re.escape(word)}[\W_]{{1,3}}" for word in words)
    return re.compile(rf"(?<!\w){first}{last}(?:e?s|e?d|ing|y|fall)?(?!\w)")
