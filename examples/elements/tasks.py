"""stub"""

from tool_orch_env.snapshot import Snapshot


def text(snapshot: Snapshot) -> str:
    return ""
