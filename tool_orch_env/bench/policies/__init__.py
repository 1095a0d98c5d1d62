"""Policies by name: what `--policy` accepts.

================================  =====================================================================
oracle, random, junk, ...         a scripted trace (`bench.scripted.POLICIES`)
openai:MODEL@URL                  a model behind an OpenAI-compatible URL; extra [bench-models]
vllm:PATH                         the same, with a vLLM server that is started and stopped for the run
python:MODULE:FUNCTION            `function(messages, tools)`, sync or async, returns a message
================================  =====================================================================
"""

from typing import TYPE_CHECKING

from ..._deprecated import moved
from ...calls.write import FORMATS
from ...errors import UsageError
from ..scripted import POLICIES
from .base import DEFAULT, Policy
from .base import Settings as Settings
from .function import FunctionPolicy
from .function import load_function as load_function
from .scripted import ScriptedPolicy


def parse_policy(text: str, settings: Settings = DEFAULT) -> Policy:
    """The policy named by `text`. Raises `UsageError`."""
    kind, _, rest = text.partition(":")
    _check(kind, settings)
    if text in POLICIES:
        return ScriptedPolicy(text, settings.seed)
    if kind == "python":
        return FunctionPolicy(rest, settings.timeout)
    if kind in ("openai", "vllm"):
        try:
            from .openai_chat import OpenAIPolicy
            from .vllm_server import VllmPolicy
        except ImportError as error:
            raise UsageError(
                f"{kind}: needs {error.name}: pip install 'tool-orch-env[bench-models]'"
            ) from error
        return OpenAIPolicy(rest, settings) if kind == "openai" else VllmPolicy(rest, settings)
    raise UsageError(
        f"policy {text!r}: expected openai:MODEL@URL, vllm:PATH, python:MODULE:FUNCTION or one of {', '.join(POLICIES)}"
    )


def _check(kind: str, settings: Settings) -> None:
    """Raise `UsageError` if a setting was asked for that has no effect on this kind of policy, or does not exist."""
    for name in ("tool_call_parser", "reasoning_parser"):
        value = getattr(settings, name)
        if value is not None and kind != "vllm":
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{flag} applies to vllm: only; if you start the model's server yourself, pass {flag} to it"
            )
        if value == "":
            raise UsageError(f"{name}: expected the name of one of vLLM's parsers")
    chosen = settings.call_format
    if chosen is not None and (kind not in ("openai", "vllm") or settings.tools != "prompt"):
        raise UsageError("--call-format applies to openai: and vllm: with --tools prompt only")
    if chosen is not None and chosen not in FORMATS:
        raise UsageError(f"call format {chosen!r}: expected one of {', '.join(FORMATS)}")


if not TYPE_CHECKING:
    __getattr__ = moved(
        __name__,
        {
            "PolicyFault": "bench.policies.base:PolicyError",
            "Said": "bench.policies.base",
            "Speaker": "bench.policies.base",
        },
    )
