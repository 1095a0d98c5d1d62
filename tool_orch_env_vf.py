"""The name by which verifiers finds `tool_orch_env.adapters.verifiers`: it only imports top-level modules.

`__all__` names exactly one taskset, one environment and one harness, as verifiers requires.
"""

from tool_orch_env.adapters.verifiers import ToolOrchConfig as ToolOrchConfig
from tool_orch_env.adapters.verifiers import ToolOrchEnv, ToolOrchTaskset
from tool_orch_env.adapters.verifiers import ToolOrchEnvConfig as ToolOrchEnvConfig
from tool_orch_env.adapters.verifiers_harness import ToolOrchHarness

__all__ = ["ToolOrchEnv", "ToolOrchHarness", "ToolOrchTaskset"]
