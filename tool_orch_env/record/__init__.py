"""Record answers as a snapshot: a live API by a spec, or anything else from Python through `Recorder.add`.

    recorder.py  keeps answers, writes the folder          tools.py     tools as a catalog
    journal.py   stores answers durably                    scrub.py     masks secrets

    http.py      carries out a spec's plan over HTTP       spec.py      reads and checks the spec file
    schema.py    the fields of a spec                      faults.py    finds problems in a spec
    openapi.py   turns an OpenAPI document into tools      request.py   turns a call into an HTTP request
    client.py    asks: rates, retries, hosts, limits       body.py      turns response bytes into JSON text
    plan.py      calls, from lists and earlier answers     domain.py    every value that a schema allows
    follow.py    everything that a reply invites           estimate.py  calls, bytes and minutes of a plan
    gaps.py      what a plan leaves open                   prove.py     tries derivation rules on the API
    probes.py    the calls that rules are tried on
    live.py      `on_miss="live"`: same client, an overlay

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
