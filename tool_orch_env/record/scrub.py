"""Mask secrets in everything that is kept or shown.

`Scrub` replaces the values of the spec's secrets with `[secret]`, in plain text and in every string, key and number of
a JSON value. It finds them as they are, percent-encoded, and in base64.
"""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[secret]"
SHORTEST = 6
"""Minimum length of a secret in characters. A shorter one would also match parts of ordinary words."""


class Scrub:
    """Masks a fixed set of values in text and JSON."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def with_more(self, secrets: Iterable[str]) -> "Scrub":
        """A `Scrub` that also masks `secrets`, such as cookies that a server has set. Too short ones are ignored."""
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
