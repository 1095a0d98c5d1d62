"""The canonical form of JSON values."""

from ..call import MAX_DEPTH, NotCanonical, plain, to_text

__all__ = ["MAX_DEPTH", "NotCanonical", "plain", "to_text"]
