"""An OpenAPI document: its file, the files beside it that references lead to, and what references mean.

A file is read as JSON, else as YAML. References stay in the document's folder: nothing is fetched, and nothing outside
the folder is opened. What a document means by its parts is not known here.
"""

from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any, NamedTuple
from urllib.parse import unquote

from ..errors import SpecError
from ..files import inside
from ..jsonvalues import pointer
from ..jsonvalues.decode import depth, parse_json, skim_json_at
from .drafts import digest
from .yaml12 import MOST_LEVELS, parse_yaml

REMEDY = "correct the document, or describe the tool by hand"
MOST_BYTES = 64 << 20
"""Maximum size of one file of a document."""
_MOST_STEPS = 64
"""Maximum length of a chain of references."""


class Unusable(Exception):
    """A part of the document cannot be used. The message says where and why."""


class Node(NamedTuple):
    """A value of the document and the file that it is in, from where relative references start."""

    value: Any
    file: str


class Document:
    """An OpenAPI document. `digests` has the digest of every file read so far, by its path in the folder."""

    def __init__(self, path: Path) -> None:
        """Raises `SpecError` if the file is not a JSON or YAML object."""
        self._folder = path.parent
        self._files: dict[str, Any] = {}
        self.digests: dict[str, str] = {}
        self.name = path.name
        root = self._content(path.name, path)
        if not isinstance(root, dict):
            raise SpecError(f"{path.name}: expected an object, found {type(root).__name__}", REMEDY)
        self.root: dict[str, Any] = root

    def node(self, value: Any) -> Node:
        """A value of the document's own file."""
        return Node(value, self.name)

    def followed(self, node: Node) -> Node:
        """The object behind a chain of references, or the node itself. Raises `Unusable` if it is no object."""
        place = ""
        for _ in range(_MOST_STEPS):
            if not (isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str)):
                break
            place = f"$ref {node.value['$ref']!r:.200}: "
            node = self.target(node.value["$ref"], node.file)[0]
        else:
            raise Unusable(f"{place}it leads back to itself")
        if not isinstance(node.value, dict):
            raise Unusable(f"{place}expected an object, found {node.value!r:.80}")
        return node

    def target(self, reference: str, file: str) -> tuple[Node, tuple[str, ...]]:
        """The node that a reference in `file` leads to, and the tokens of its pointer. Raises `Unusable`."""
        place, _, fragment = reference.partition("#")
        try:
            name = self._beside(unquote(place), file) if place else file
            tokens = tuple(pointer.tokens(unquote(fragment)))
            return Node(pointer.resolve(self._files[name], pointer.join(*tokens)), name), tokens
        except SpecError as error:
            raise Unusable(f"$ref {reference!r:.200}: {error.problems[0]}") from error
        except (LookupError, ValueError) as error:
            raise Unusable(f"$ref {reference!r:.200}: {str(error)[:200]}") from error

    def _beside(self, place: str, file: str) -> str:
        """The name of the file that a reference in `file` leads to; it is read if it has not been."""
        if ":" in place or place.startswith(("/", "//")):
            raise SpecError("leads out of the document's folder, and nothing is fetched", REMEDY)
        name = normpath(join(dirname(file), place))
        if name not in self._files:
            self._content(name, inside(self._folder, name, SpecError))
        return name

    def _content(self, name: str, path: Path) -> Any:
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise SpecError(f"{name}: cannot be read: {error.strerror}", "check the path") from error
        if len(data) > MOST_BYTES:
            raise SpecError(f"{name}: expected at most {MOST_BYTES:,} bytes", "split the document")
        try:
            value = parsed(data.decode("utf-8-sig"))
        except ValueError as error:
            raise SpecError(f"{name}: neither JSON nor YAML: {error}", REMEDY) from error
        self.digests[name] = digest(data)
        self._files[name] = value
        return value


def parsed(text: str) -> Any:
    """The value of a JSON or YAML text. Of two equal keys the last counts. Raises `ValueError`."""
    if text.lstrip()[:1] not in ("{", "["):
        return parse_yaml(text, lenient=True)
    try:
        value = parse_json(text)
    except ValueError as error:
        if "duplicate key" in str(error):
            value, end = skim_json_at(text, len(text) - len(text.lstrip()))
            if text[end:].strip():
                raise
        else:
            try:
                return parse_yaml(text, lenient=True)  # flow style looks like JSON
            except ValueError:
                raise error from None
    if depth(value) > MOST_LEVELS:
        raise ValueError(f"nested deeper than {MOST_LEVELS}")
    return value
