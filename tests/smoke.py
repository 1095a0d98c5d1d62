"""The installed wheel by itself: no test runner, no checkout. Run by `make wheel`."""

import gymnasium as gym

import tool_orch_env as toe
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.errors import UsageError
from tool_orch_env.snapshot.folder import bundled_folder

env = gym.make("ToolOrch-v0", split="test")
obs, info = env.reset(seed=0)
task = next(task for task in toe.load_tasks("travel", "test") if task.id == info["task_id"])
total = sum(env.step(turn)[1] for turn in toe.oracle_turns(task))
assert abs(total - 1.0) < 1e-9, total
print(f"{info['task_id']}: the golden trace earns {total}")

assert sorted(path.name for path in bundled_folder().iterdir()) == [
    "demo",
    "elements",
    "travel",
]  # no recipes

session = SessionFactory(split="test")().reset(task.id)
assert abs(sum(session.step(turn).reward for turn in toe.oracle_turns(task)) - 1.0) < 1e-9
try:
    import tool_orch_env_vf  # noqa: F401 - in the wheel; it needs verifiers and says so
except UsageError as error:
    assert "tool-orch-env[verifiers]" in str(error)
