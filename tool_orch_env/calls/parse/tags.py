"""Values between tags, which may themselves hold text that looks like a tag."""

from .scan import Scan, skip_space

_MAX_HOPS = 64
"""Tags inside one value that are looked at."""


def value_end(
    scan: Scan, start: int, closer: str, follow: tuple[str, ...], next_tags: tuple[str, ...]
) -> tuple[int, int] | None:
    """Where a value ends, and where reading continues; `None` if it does not end.

    A value ends at the first closer that one of `follow` comes after, so that the closer may occur in a value. A
    missing closer is forgiven where one of `next_tags` begins a line, or is all that comes.
    """
    text, limit = scan.text, _next_line_tag(scan, start, next_tags)
    end = scan.find(closer, start)
    for _ in range(_MAX_HOPS):
        if end < 0 or 0 <= limit < end:
            break
        after = skip_space(text, end + len(closer))
        if text.startswith(follow, after):
            return end, after
        end = text.find(closer, end + len(closer))
    return (_line_start(text, limit) + 1, limit) if limit >= 0 else None


def _next_line_tag(scan: Scan, start: int, tags: tuple[str, ...]) -> int:
    """The first of the tags that begins a line, -1 if none does."""
    found = [place for place in (_line_tag(scan, start, tag) for tag in tags) if place >= 0]
    return min(found, default=-1)


def _line_tag(scan: Scan, start: int, tag: str) -> int:
    place = scan.find(tag, start)
    for _ in range(_MAX_HOPS):
        if place < 0 or _line_start(scan.text, place) >= 0:
            return place
        place = scan.text.find(tag, place + len(tag))
    return -1


def _line_start(text: str, at: int) -> int:
    """Where the line break before a tag is, -1 if something else is between."""
    while at > 0 and text[at - 1] in " \t":
        at -= 1
    return at - 1 if at > 0 and text[at - 1] == "\n" else -1


def without_edges(text: str, start: int, end: int) -> str:
    """A value without the one line break that the format puts at each side of it."""
    if text.startswith("\n", start) and start < end:
        start += 1
    if start < end and text[end - 1] == "\n":
        end -= 1
    return text[start:end]
