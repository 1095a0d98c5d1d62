"""Optional packages, imported where they are used.

Enters: the name of a module and the extra that installs it. Leaves: the module, or `UsageError` with the command.
"""

from importlib import import_module
from typing import Any

from ..errors import UsageError


def need(module: str, extra: str) -> Any:
    """The imported module; raises `UsageError` naming the extra if it, or what it needs, is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise UsageError(f"this adapter needs {missing}: install 'tool-orch-env[{extra}]'") from error
