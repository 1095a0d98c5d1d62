"""Secrets taken out of whatever is kept or shown.

Enters: the values of the spec's secrets. Leaves: `Scrub`, which puts `[secret]` in their place, in plain text
and in every string, key and number of a JSON value; as they are, percent-encoded, and in base64.
"""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[secret]"
SHORTEST = 6
"""Characters of a secret, at least: a shorter one would be cut out of ordinary words."""


class Scrub:
    """Takes a fixed set of values out of text and of JSON."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def with_more(self, secrets: Iterable[str]) -> "Scrub":
        """One that also knows `secrets`, those that are too short left out: cookies that a server has set."""
        more = [secret for secret in secrets if len(secret) >= SHORTEST]
        return Scrub((*self._secrets, *more)) if more else self

    def text(self, text: str) -> str:
        """`text` with every secret masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def json(self, value: Any) -> Any:
        """`value` with every secret masked, at any depth."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.json(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            shown = str(value)
            return MASK if any(form in shown for form in self._forms) else value
        return value


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    coded = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *coded}
