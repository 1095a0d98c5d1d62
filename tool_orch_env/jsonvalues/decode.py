"""Strict JSON decoding: no NaN, no duplicate keys, and a `ValueError` where nesting is too deep."""

from ..files import depth, json_at, parse_json

__all__ = ["depth", "json_at", "parse_json"]
