"""verifiers: a taskset and an environment for `vf-eval tool_orch_env_vf` and for prime-rl.

The model writes its calls as text, and the environment replies as the user, on the host; no container runs. The trace
records the score as its only reward, and the reward of every step and the components as metrics: `step_0`, `step_1`,
…, `atomic`, `orchestration`, `answer` and `waste`. Importing this module requires verifiers, because its classes
subclass those of verifiers.
"""

from collections.abc import Iterator
from typing import Any

from .export import rows
from .extras import need
from .session import SessionFactory

vf = need("verifiers.v1", "verifiers")


class ToolOrchData(vf.TaskData):  # type: ignore[name-defined, misc]  # verifiers is not typed here
    """A row of `tool-orch export --format verifiers`; `played` are the arguments of `SessionFactory`."""

    info: dict[str, Any]
    played: dict[str, Any]


class ToolOrchTask(vf.Task[ToolOrchData, vf.State, vf.TaskConfig]):  # type: ignore[name-defined, misc]  # as above
    """Scored by the environment, not by itself."""

    @property
    def key(self) -> str:
        return str(self.data.name)


class ToolOrchConfig(vf.TasksetConfig):  # type: ignore[name-defined, misc]  # as above
    """What to play: `--env.taskset.snapshot`, `--env.taskset.split`, ..."""

    snapshot: str = "travel"
    split: str = "train"
    tasks: str | None = None
    reward: str = "graduated"
    max_turns: int | None = None


class ToolOrchTaskset(vf.Taskset[ToolOrchTask, ToolOrchConfig]):  # type: ignore[name-defined, misc]  # as above
    """The tasks of a split, in its order."""

    def load(self) -> Iterator[ToolOrchTask]:
        played = {
            name: getattr(self.config, name) for name in ("snapshot", "split", "tasks", "reward", "max_turns")
        }
        for row in rows(SessionFactory(**played), "verifiers"):
            yield ToolOrchTask(ToolOrchData(**row, played=played), self.config.task)


class ToolOrchEnvConfig(vf.EnvConfig):  # type: ignore[name-defined, misc]  # as above
    """One seat, a plain chat loop on this machine: it runs no code of the model's."""

    player: vf.AgentConfig = vf.AgentConfig(  # type: ignore[name-defined]  # as above
        harness={"id": "null"}, runtime=vf.SubprocessConfig()
    )


class ToolOrchEnv(vf.Env[ToolOrchEnvConfig]):  # type: ignore[name-defined, misc]  # as above
    """An episode: the session answers each message as the user, until it is over."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._factories: dict[str, SessionFactory] = {}

    async def run(self, task: Any, agents: Any) -> None:
        data = task.data
        factory = self._factories.setdefault(repr(sorted(data.played.items())), SessionFactory(**data.played))
        session = factory().reset(data.info["task_id"])
        async with agents.player.interaction(task) as interaction:
            segment = await interaction.turn()
            while not segment.terminated:
                step = session.step(segment.last_reply)
                if step.done:
                    break
                segment = await interaction.turn(step.text)
        trace = interaction.trace
        trace.record_reward("episode_score", session.episode_score)
        trace.record_metrics({f"step_{number}": reward for number, reward in enumerate(session.rewards)})
        trace.record_metrics({name: v for name, v in session.components().items() if name != "total"})
