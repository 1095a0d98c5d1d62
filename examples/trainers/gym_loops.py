"""SkyRL-gym, GEM and TorchRL: the interaction loop of each, with the golden trace as the policy.

    python -m examples.trainers.gym_loops skyrl      # extra [skyrl]
    python -m examples.trainers.gym_loops gem        # extra [gem]
    python -m examples.trainers.gym_loops torchrl    # extra [torchrl]

To play a model, replace `said` with the model's text. SkyRL's workers must call `register` too, as SkyRL's own examples
do for their environments; its dataset is `tool-orch export --format skyrl --out train.jsonl`.
"""

import argparse
import json

from tool_orch_env import load_tasks, oracle_turns
from tool_orch_env.adapters import export
from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.calls.types import Turn
from tool_orch_env.task import Task


def said(task: Task) -> list[str]:
    """The golden trace, written as a model would write it."""
    return [turn.answer if turn.answer is not None else _calls(turn) for turn in oracle_turns(task)]


def _calls(turn: Turn) -> str:
    calls = [{"name": call.name, "arguments": call.arguments} for call in turn.calls]
    return "\n".join(f"<tool_call>{json.dumps(call)}</tool_call>" for call in calls)


def skyrl(task: Task, snapshot: str) -> list[float]:
    import skyrl_gym

    from tool_orch_env.adapters.skyrl import register

    register(snapshot=snapshot)
    [row] = export.rows(SessionFactory(snapshot, tasks=[task]), "skyrl")
    extras = {"task_id": row["task_id"], "max_turns": 24}
    env = skyrl_gym.make(row["env_class"], env_config={}, extras=extras)
    env.init(row["prompt"])
    return [env.step(text)["reward"] for text in said(task)]


def gem(task: Task, snapshot: str) -> list[float]:
    import gem as gem_llm

    from tool_orch_env.adapters.gem import ENV_ID, register

    register()
    env = gem_llm.make(ENV_ID, snapshot=snapshot, tasks=[task])
    env.reset(seed=0)
    return [env.step(text)[1] for text in said(task)]


def torchrl(task: Task, snapshot: str) -> list[float]:
    from tool_orch_env.adapters.torchrl import make

    env = make(snapshot=snapshot, tasks=[task])
    state, rewards = env.reset(), []
    for text in said(task):
        state = env.step(state.set_non_tensor("action", text))["next"]
        rewards.append(float(state["reward"]))
    return rewards


LOOPS = {"skyrl": skyrl, "gem": gem, "torchrl": torchrl}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("loop", choices=tuple(LOOPS))
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument("--split", default="test")
    given = parser.parse_args()
    task = load_tasks(given.snapshot, given.split)[0]
    rewards = LOOPS[given.loop](task, given.snapshot)
    print(task.request)
    print([round(reward, 3) for reward in rewards], "score", round(sum(rewards), 3))


if __name__ == "__main__":
    main()
