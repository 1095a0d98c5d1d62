"""Import optional packages when they are used, with an error that names the extra to install."""

from importlib import import_module
from typing import Any

from ..errors import UsageError


def need(module: str, extra: str) -> Any:
    """Import `module`. Raises `UsageError` naming the extra if the module or one of its dependencies is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise UsageError(f"this adapter needs {missing}: pip install 'tool-orch-env[{extra}]'") from error
