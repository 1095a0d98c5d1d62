"""Export tasks as dataset rows for trainers: `tool-orch export --format trl|verl|verl-tools|skyrl|verifiers|…`.

Rows are written as JSON lines or Parquet, one per task, in the order of the split. Every row has its task's id and a
seed. It includes the tools if the trainer, and not the adapter, shows them to the model.

| format       | row |
| ------------ | --- |
| `trl`        | `prompt`, `environment` (the task's tool set), `task_id`, `seed`: passed to `reset` of `adapters.trl` |
| `verl`       | `prompt`, `agent_name`, `data_source`, `reward_model`, `extra_info` (`task_id`, `seed`, `tools`) |
| `verl-tools` | the same for verl's own `tool_agent` loop |
| `skyrl`      | `prompt` with the tools in it, `env_class`, `task_id`, `seed` |
| `verifiers`  | `name`, `prompt`, `system_prompt` with the tools in it, `info`: fields of the taskset's `TaskData` |
| `openai`     | `messages` of the golden episode, `tools`: demonstrations for supervised fine-tuning |
| `sharegpt`   | the same as `conversations` with the roles of LLaMA-Factory, `system`, `tools` |
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..answers.oracle import oracle_turns
from ..calls.chat import as_message, turn_message
from ..calls.types import ToolCall
from ..errors import UsageError
from ..jsonvalues.canonical import to_text
from . import trl
from .extras import need
from .session import ANSWER_TOOL, Message, Session, SessionFactory
from .toolsets import merged

Row = dict[str, Any]
ENV_CLASS = "tool_orch"
"""The name of the environment in SkyRL and verl."""
ONE_SCHEMA = (
    "answer_form: verl's tool_agent has one schema for a tool's name, and the fields of submit_answer are the task's; "
    "use verl's agent loop, --format verl"
)


def rows(factory: SessionFactory, form: str) -> Iterator[Row]:
    """Yield one row per task. Raises `UsageError` for an unknown format."""
    if form not in FORMATS:
        raise UsageError(f"format: expected one of {', '.join(FORMATS)}, found {form!r}")
    if form == "trl":
        factory = merged(factory, trl.CLASSES)
    for seed, task_id in enumerate(factory.task_ids):
        yield FORMATS[form](factory().reset(task_id), seed)


def write(factory: SessionFactory, form: str, path: Path) -> int:
    """Write the rows as `.jsonl` or `.parquet`, by the suffix of `path`, and return how many there are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = list(rows(factory, form))
    if path.suffix == ".parquet":
        need("datasets", "export").Dataset.from_list(made).to_parquet(str(path))
    elif path.suffix == ".jsonl":
        path.write_text("".join(to_text(row) + "\n" for row in made), encoding="utf-8")
    else:
        raise UsageError(f"{path.name}: expected a name that ends in .jsonl or .parquet")
    return len(made)


def _trl(session: Session, seed: int) -> Row:
    tools = trl.toolset(session.task, "fields" if session.submit_name else "text")
    prompt = session.messages(trl.prompt(session))
    return {"prompt": prompt, "environment": tools, "task_id": session.task.id, "seed": seed}


def _verl(session: Session, seed: int) -> Row:
    info = {
        "index": seed,
        "task_id": session.task.id,
        "seed": seed,
        "tools": json.dumps(session.tools),
        "tool_selection": [*session.task.tools, session.submit_name or ANSWER_TOOL],
        "tools_kwargs": {ENV_CLASS: {"task_id": session.task.id}},
    }
    return {
        "data_source": f"tool_orch_env/{session.task.snapshot}",
        "agent_name": ENV_CLASS,
        "prompt": session.messages(session.native_prompt),
        "ability": "tool_use",
        "reward_model": {"style": "rule", "ground_truth": ""},
        "extra_info": info,
    }


def _verl_tools(session: Session, seed: int) -> Row:
    if session.submit_name is not None:
        raise UsageError(ONE_SCHEMA)
    return {
        **_verl(session, seed),
        "agent_name": "tool_agent",
        "prompt": session.messages(session.answer_prompt),
    }


def _skyrl(session: Session, seed: int) -> Row:
    return {
        "data_source": f"tool_orch_env/{session.task.snapshot}",
        "env_class": ENV_CLASS,
        "prompt": text_messages(session),
        "task_id": session.task.id,
        "seed": seed,
    }


def _verifiers(session: Session, seed: int) -> Row:
    system, user = text_messages(session)
    return {
        "name": session.task.id,
        "prompt": user["content"],
        "system_prompt": system["content"],
        "info": {"task_id": session.task.id, "seed": seed, "tools": session.tools},
    }


def _openai(session: Session, seed: int) -> Row:
    """The golden episode with its recorded replies."""
    messages, tools = session.messages(session.native_prompt), session.tools
    form = "fields" if session.submit_name else "text"
    for number, turn in enumerate(oracle_turns(session.task, form)):
        message = as_message(turn_message(turn), number)
        messages += [message, *session.step(message).messages]
    session.check()
    return {"messages": messages, "tools": tools, "task_id": session.task.id, "seed": seed}


def _sharegpt(session: Session, seed: int) -> Row:
    """The golden episode call by call, because LLaMA-Factory wants what the model says and what it hears in turns."""
    row = {"system": session.native_prompt, "tools": to_text([tool["function"] for tool in session.tools])}
    said = [{"from": "human", "value": session.task.request}]
    for turn in oracle_turns(session.task, "fields" if session.submit_name else "text"):
        for call in turn.calls:
            assert isinstance(call, ToolCall)  # a golden turn has no call that cannot be read
            made = {"name": call.name, "arguments": call.arguments}
            [reply] = session.step(made).messages
            said.append({"from": "function_call", "value": to_text(made)})
            said.append({"from": "observation", "value": reply["content"]})
        if turn.answer is not None:
            said.append({"from": "gpt", "value": turn.answer})
    if session.done:  # a submission ends the episode; its reply asks for nothing
        said.pop()
    return {"conversations": said, **row, "task_id": session.task.id, "seed": seed}


def text_messages(session: Session) -> list[Message]:
    """The opening messages for trainers that do not pass tools to the model: the system prompt lists them."""
    head, _, _ = session.text.rpartition("\n\nRequest:\n")
    return session.messages(head)


FORMATS: Mapping[str, Callable[[Session, int], Row]] = {
    "trl": _trl,
    "verl": _verl,
    "verl-tools": _verl_tools,
    "skyrl": _skyrl,
    "verifiers": _verifiers,
    "openai": _openai,
    "sharegpt": _sharegpt,
}
