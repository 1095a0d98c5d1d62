"""verifiers: a taskset and an environment for `vf-eval` and prime-rl, under the id `tool_orch_env_vf`.

`verifiers_harness` plays the episode in the process of the run; no container runs. The trace records the score as its
only reward, and the reward of every step and the components as metrics: `step_0`, `step_1`, …, `atomic`,
`orchestration`, `answer` and `waste`. Importing this module requires verifiers, because its classes subclass those of
verifiers.
"""

from collections.abc import Iterator
from typing import Any, Literal

from ..errors import UsageError
from .export import rows
from .extras import need
from .session import SessionFactory
from .verifiers_harness import ToolOrchHarness

vf = need("verifiers.v1", "verifiers")


class ToolOrchData(vf.TaskData):  # type: ignore[name-defined, misc]  # verifiers is not typed here
    """A row of `tool-orch export --format verifiers`; `played` are the arguments of `SessionFactory`."""

    info: dict[str, Any]
    played: dict[str, Any]
    tools: Literal["prompt", "native"] = "prompt"


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
    answer_form: Literal["text", "fields"] = "text"
    """What the final answer is: text, or a call of `submit_answer`."""
    tools: Literal["prompt", "native"] = "prompt"
    """Where the model finds the tools: in the system prompt, with the format of a call, or in the request's `tools`."""


class ToolOrchTaskset(vf.Taskset[ToolOrchTask, ToolOrchConfig]):  # type: ignore[name-defined, misc]  # as above
    """The tasks of a split, in its order."""

    def load(self) -> Iterator[ToolOrchTask]:
        names = ("snapshot", "split", "tasks", "reward", "max_turns", "answer_form")
        played = {name: getattr(self.config, name) for name in names}
        factory, tools = SessionFactory(**played), self.config.tools
        for row in rows(factory, "verifiers"):
            native = factory().reset(row["name"]).native_prompt if tools == "native" else None
            prompt = {} if native is None else {"system_prompt": native}
            yield ToolOrchTask(
                ToolOrchData(**{**row, **prompt}, played=played, tools=tools), self.config.task
            )


class ToolOrchEnvConfig(vf.EnvConfig):  # type: ignore[name-defined, misc]  # as above
    """One seat, on this machine. Its harness is the taskset's, `ToolOrchHarness`; leave it so."""

    player: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())  # type: ignore[name-defined]  # as above


class ToolOrchEnv(vf.Env[ToolOrchEnvConfig]):  # type: ignore[name-defined, misc]  # as above
    """An episode is one rollout of the seat."""

    async def run(self, task: Any, agents: Any) -> None:
        """Raises `UsageError` for another harness: it would answer the calls, and the episode would score 0."""
        harness = agents.player.harness
        if not isinstance(harness, ToolOrchHarness):
            raise UsageError(
                f"env.player.harness: expected tool_orch_env_vf, found {harness.config.id!r}, which does not hand "
                "the model's calls to the environment; leave it out"
            )
        await agents.player.run(task)
