"""Record answers as a snapshot: by a spec from an HTTP API, an MCP server or functions, or through `Recorder.add`.

    recorder.py  keeps answers, writes the folder          tools.py     tools as a catalog
    journal.py   stores answers durably                    scrub.py     masks secrets

    http.py      carries out a spec's plan                 spec.py      reads and checks the spec file
    schema.py    the fields of a spec                      faults.py    finds problems in a spec

    source.py    what answers calls: limits, retries       sources.py   opens the source of a spec
    client.py    an HTTP API: rates, hosts, redirects      functions.py Python functions
    openapi.py   turns an OpenAPI document into tools      mcp.py       an MCP server
    request.py   turns a call into an HTTP request         mcp_tools.py its tools that may be recorded
    body.py      turns response bytes into JSON text       stdio.py     its process, messages bounded
    live.py      `on_miss="live"`: same source, an overlay streamed.py  its URL, bodies bounded
    kept.py      keeps a source open between live misses

    plan.py      calls, from lists and earlier answers     domain.py    every value that a schema allows
    follow.py    everything that a reply invites           estimate.py  calls, bytes and minutes of a plan
    dates.py     days relative to that of the recording    finite.py    calls that schemas alone state
    gaps.py      what a plan leaves open                   prove.py     tries derivation rules on the API
    probes.py    the calls that rules are tried on

Needs the extra `[record]`. Importing this package alone loads none of these modules.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .recorder import Recorder as Recorder

__all__ = ["Recorder"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .recorder import Recorder

    return Recorder
