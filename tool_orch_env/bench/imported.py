"""Code of the user that is named on the command line, as MODULE:NAME."""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

from ..errors import UsageError


def imported(place: str, prefix: str = "", example: str = "policy") -> Any:
    """The object named `MODULE:NAME`. The current folder is searched too.

    `prefix` is what is before the name on the command line, `example` a NAME to show in errors. Raises
    `UsageError`, whatever the module raises.
    """
    module, _, name = place.partition(":")
    if not module or not name:
        raise UsageError(f"{prefix}{place}: expected {prefix}MODULE:FUNCTION, such as {prefix}mine:{example}")
    if module.endswith(".py"):
        raise UsageError(f"{prefix}{place}: a module's name has no .py: {prefix}{module[:-3]}:{name}")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{prefix}{place}: {error}") from error
    except Exception as error:  # the module may raise anything on import
        raise UsageError(
            f"{prefix}{place}: cannot be loaded: {type(error).__name__}: {error}{raised_at(error)}"
        ) from error


def raised_at(error: BaseException) -> str:
    """File and line of the user's code that raised, in parentheses; "" if none was reached."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or frames[-1].filename == __file__ or "<frozen" in frames[-1].filename:
        return ""
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})"
