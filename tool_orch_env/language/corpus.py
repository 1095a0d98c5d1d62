"""The corpus of a snapshot: its recorded successes and the dependency graph among its tools.

Synthesis, slots and the command line get both from here. They are computed once per content: those of a snapshot whose
responses are in a store on disk are kept beside it, those of a snapshot in memory are computed each time.
"""

import json
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from .._version import __version__
from ..snapshot import Snapshot, kept
from ..snapshot.kept import Arrays
from .graph import Edge, Intake, Place, edges
from .heard import Calls, arrays_of

KIND = "calls1"
"""Suffix of the file, with the number of its format. A change of what is computed needs another number."""


class Corpus(NamedTuple):
    """The recorded successes, and the edges of the dependency graph in the order of `graph.edges`."""

    calls: Calls
    edges: list[Edge]


def corpus(snapshot: Snapshot) -> Corpus:
    """The corpus of a snapshot. Raises `SnapshotError` if it has to be kept and the cache folder cannot be written."""
    if snapshot.stored is None:
        arrays = _arrays(snapshot)
    else:
        content = sha256(f"{__version__} {snapshot.stored}".encode()).hexdigest()
        place = snapshot.name, content, KIND
        arrays = kept.opened(*place) or kept.keep(*place, _arrays(snapshot))
    return Corpus(Calls(snapshot, arrays), _edges(arrays))


def _arrays(snapshot: Snapshot) -> Arrays:
    arrays = arrays_of(snapshot)
    found = [
        [*edge.source, *edge.target, edge.support, edge.declared]
        for edge in edges(snapshot.catalog, Calls(snapshot, arrays))
    ]
    return {**arrays, "edges": np.frombuffer(json.dumps(found).encode(), dtype=np.uint8)}


def _edges(arrays: Arrays) -> list[Edge]:
    return [
        Edge(Place(tool, pattern), Intake(taker, parameter), support, declared)
        for tool, pattern, taker, parameter, support, declared in json.loads(arrays["edges"].tobytes())
    ]
