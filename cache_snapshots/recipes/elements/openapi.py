"""Prints the service's OpenAPI document, without what only restates names: the recorder's input.

python -m cache_snapshots.recipes.elements.openapi > cache_snapshots/recipes/elements/openapi.json
"""

import json
from typing import Any

from .server import app


def document() -> str:
    """The document as JSON text, keys in the service's order."""
    return json.dumps(_plain(app.openapi()), indent=1, ensure_ascii=False) + "\n"


def _plain(node: Any, inside: str = "") -> Any:
    """Without generated titles (but that of `info`), summaries and response schemas; descriptions on one line."""
    if isinstance(node, list):
        return [_plain(item, inside) for item in node]
    if inside == "description" and isinstance(node, str):
        return " ".join(node.split())
    if not isinstance(node, dict):
        return node
    dropped = {"summary", "components"} | ({"title"} if inside != "info" else set())
    kept = {name: _plain(item, name) for name, item in node.items() if name not in dropped}
    return {**kept, "responses": {"200": {"description": "Found."}}} if "responses" in kept else kept


if __name__ == "__main__":
    print(document(), end="")
