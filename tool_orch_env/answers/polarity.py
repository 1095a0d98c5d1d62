"""Negation: whether a saying at a span of a folded text is denied in its clause.

"not at 08:00" denies 08:00; "not 07:55 but 08:05" does not deny 08:05; "not until 08:05" denies nothing. A negation
reaches to the end of its clause, or through a list that ends in "or". Only a bounded window around the span is read.
"""

import re

_BEFORE = 120
_AFTER = 80
_WORDS = 10
"""How many words a negation reaches at most."""

_BREAK = re.compile(
    r"[\n;!?|()]|:(?!\d)|(?<![ .][a-z])(?<!no)\.(?=\s|$)| - |,(?!\d)"
    r"|\b(?:but|however|though|although|yet|while|whereas|because|since|so|which|who|until|till|before|after|then"
    r"|and|actually|than)\b"
)
_NEGATION = re.compile(
    r"\b(?:not|never|neither|nor|cannot|isnt|wasnt|arent|doesnt|didnt|dont|without)\b|n't\b|\bno (?:longer|such)\b"
    r"|\bthere(?:'s| is| are| was| were) no\b|\b(?:false|untrue|incorrect|wrong|not true)(?: to \w+)? that\b"
    r"|\b(?:instead of|rather than|other than|except(?: for)?|unlike)\b"
)
_HARMLESS = re.compile(
    r"\bnot (?:only|just|merely|simply|least|to mention|even|more than|less than|later than|earlier than|exceeding)\b"
    r"|\b(?:never|not|n't) (?:[a-z]+ )?(?:below|under|above|over)\b"
    r"|\b(?:why|whether or|or|if) not\b|\bnot (?:sure|certain)\b(?! (?:that|it|if))|\bwithout (?:doubt|question)\b"
    r"|\bnever mind\b|\b(?:can't|cannot|can not|won't|couldn't) (?:miss|beat|top|go (?:far )?wrong)\b"
)
_INSTEAD = re.compile(r"\b(?:instead of|rather than|other than|except(?: for)?|unlike)\b")
_COMPARED = re.compile(r"\b(?:instead of|rather than|other than) *(?:\w+ ){0,3}$")
_VERB = re.compile(r"\b(?:is|was|are|were|it|it's)\b")
_LINKS = frozenset("or nor on at in by the a an of to from and is was until".split())  # noqa: SIM905
_LIST_END = re.compile(r"[^.;:\n]{0,60}?\bn?or\b")
_QUALITY = "right|correct|true|accurate|valid|it|so"
_NOUN = "right|correct|answer|one|day|date|time|carrier|airline|airport|city|value|number|name"
_REJECTED = re.compile(
    r"""["')\]]{0,3}(?:,? (?!not\b|but\b|and\b|or\b)[\w'-]{1,20}){0,3}? (?:is|was|are|were|would be|seems|looks)"""
    r"(?: (?:clearly|definitely|simply|just|plainly))?"
    r"(?: (?:wrong|incorrect|false|mistaken|untrue|invalid|a mistake|no longer)\b"
    rf"|(?: not|n't) (?:(?:{_QUALITY})|the (?:{_NOUN}))\b)"
    r"""|["')\]]{0,3} ?[:(-]? ?(?:wrong|incorrect|false)(?=[\s).,;]|$)"""
)

_HINTS = (
    *(
        "not",
        "n't",
        "nt ",
        "never",
        "neither",
        "nor",
        "no ",
        "without",
        "false",
        "untrue",
        "incorrect",
        "wrong",
    ),
    *("instead", "rather", "opposed", "other than", "except", "unlike"),
)
_AFTER_HINTS = ("wrong", "incorrect", "false", "mistake", "untrue", "invalid", "no longer", "not ", "n't ")
"""What a negation has in it: a quick look, since most windows have none."""


def denied(text: str, start: int, end: int) -> bool:
    """Whether a saying at `text[start:end]` of a folded text is negated in its clause."""
    after = text[end : end + _AFTER]
    if any(hint in after for hint in _AFTER_HINTS) and _REJECTED.match(after):
        return True
    window = text[max(0, start - _BEFORE) : start]
    if not any(hint in window for hint in _HINTS):
        return False
    clause = _clause(window)
    if _negates(clause):
        return True
    return _in_negated_list(window, clause, after)


def _clause(window: str) -> str:
    """The part of a window after the last break of a clause."""
    if compared := _COMPARED.search(window):
        return window[compared.start() :]
    last = 0
    for match in _BREAK.finditer(window):
        last = match.end()
    return window[last:]


def _negates(clause: str) -> bool:
    harmless = [match.span() for match in _HARMLESS.finditer(clause)]
    for match in _NEGATION.finditer(clause):
        if any(first <= match.start() < after for first, after in harmless):
            continue
        between = clause[match.end() :]
        if len(between.split()) > _WORDS:
            continue
        if _INSTEAD.match(match[0]) and _VERB.search(between):
            continue
        return True
    return False


def _in_negated_list(window: str, clause: str, after: str) -> bool:
    """Whether the span is an item of "not X, Y or Z", and not its first."""
    words = clause.split()
    closed = "or" in words or "nor" in words
    head = window.removesuffix(clause)
    if not head.endswith(",") or not (closed or _LIST_END.match(after)):
        return False
    if len([word for word in words if word not in _LINKS]) > (2 if closed else 0):
        return False
    for item in reversed(head.split(",")):
        last = _clause(item)
        if _negates(last):
            return len(last.split()) <= _WORDS
        if len(item.split()) > 4:
            return False
    return False
