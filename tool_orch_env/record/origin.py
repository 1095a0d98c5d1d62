"""Origins of URLs: a request is allowed if its own is among those of the spec."""

import httpx


def origin(url: httpx.URL) -> str:
    """Scheme, host and port of a URL."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.scheme}://{url.host}:{port}"


def origin_of(text: str) -> str | None:
    """The origin of a URL; `None` if `text` is not a URL."""
    try:
        return origin(httpx.URL(text))
    except (httpx.InvalidURL, UnicodeError):
        return None
