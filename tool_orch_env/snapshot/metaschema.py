"""The meta-schema of JSON Schema 2020-12 as a table of quick checks that recognise plainly sound schemas.

What is not recognised is not thereby wrong: rare keywords and unusual values are left to jsonschema, which also words
the faults. `plainly_sound` never accepts what jsonschema would refuse; the tests hold it to that.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_REFERENCE = re.compile(r"#(/[A-Za-z0-9_.$~/-]*)?")
_DIALECT = re.compile(r"https?://json-schema\.org/[a-z0-9/-]+#?")


def plainly_sound(schema: Any) -> bool:
    """Whether this is surely a JSON Schema. `False` means that it may be one or not."""
    if type(schema) is bool:
        return True
    if type(schema) is not dict:
        return False
    for keyword, value in schema.items():
        check = _CHECKS.get(keyword)
        if check is None:
            if keyword[:1] == "$" or keyword in _RARE:
                return False
        elif not check(value):
            return False
    return True


def _schemas(value: Any) -> bool:
    return type(value) is dict and all(map(plainly_sound, value.values()))


def _by_pattern(value: Any) -> bool:
    return _schemas(value) and all(map(_pattern, value))


def _listed(value: Any) -> bool:
    return type(value) is list and bool(value) and all(map(plainly_sound, value))


def _type(value: Any) -> bool:
    if type(value) is str:
        return value in _TYPES
    return _names(value) and bool(value) and _TYPES.issuperset(value)


def _names(value: Any) -> bool:
    return type(value) is list and all(type(one) is str for one in value) and len(set(value)) == len(value)


def _pattern(value: Any) -> bool:
    return type(value) is str and _compiles(value)


@lru_cache(1024)
def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except Exception:  # `re` raises more than `re.error` for patterns that it cannot compile
        return False
    return True


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def _of(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _written_as(form: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and form.fullmatch(value) is not None


_KEYWORDS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("items contains additionalProperties propertyNames if then else not", plainly_sound),
    ("unevaluatedItems unevaluatedProperties contentSchema", plainly_sound),
    ("properties dependentSchemas $defs definitions", _schemas),
    ("patternProperties", _by_pattern),
    ("allOf anyOf oneOf prefixItems", _listed),
    ("type", _type),
    ("required", _names),
    ("pattern", _pattern),
    ("maximum exclusiveMaximum minimum exclusiveMinimum", _number),
    ("multipleOf", lambda value: _number(value) and value > 0),
    ("maxLength minLength maxItems minItems maxContains minContains maxProperties minProperties", _count),
    ("title description format contentEncoding contentMediaType $comment", _of(str)),
    ("uniqueItems deprecated readOnly writeOnly", _of(bool)),
    ("enum examples", _of(list)),
    ("$ref", _written_as(_REFERENCE)),
    ("$schema", _written_as(_DIALECT)),
)
_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    keyword: check for keywords, check in _KEYWORDS for keyword in keywords.split()
}
_RARE = frozenset({"dependentRequired", "dependencies"})
"""Keywords of the meta-schema that are left to jsonschema, as are those that begin with `$`."""
