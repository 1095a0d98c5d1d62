"""The chat loop of a verifiers rollout: it asks the model, and hands each message whole to the environment.

verifiers' own chat loop answers native tool calls itself, with "unknown tool", and passes on a message's text alone.
This loop runs in the process of the run and plays the episode. Calls reach the environment in every form: as text, as
native tool calls, and as a model renderer has moved them out of the text. Replies go back in the form of the calls: as
tool messages with the calls' ids where they were native, else as the text of a user message.

`TrainClient` leaves calls out of the message that its renderer could not read, or whose tool it does not know. They are
taken from the sampled tokens, so that the environment answers them too; the metric `calls_recovered` counts them.
"""

import json
from functools import cache
from typing import Any, NamedTuple

from ..calls.parse import parse_message
from ..calls.types import ParseError, ToolCall
from .extras import need
from .session import Message, Session, SessionFactory, SessionStep

vf = need("verifiers.v1", "verifiers")


class ToolOrchHarnessConfig(vf.HarnessConfig):  # type: ignore[name-defined, misc]  # verifiers is not typed here
    """No settings beyond those of every harness."""

    id: str = "tool_orch_env_vf"


class ToolOrchHarness(vf.Harness[ToolOrchHarnessConfig]):  # type: ignore[name-defined, misc]  # as above
    """Plays one episode per rollout and records its score on the trace after every step."""

    APPENDS_SYSTEM_PROMPT = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def setup(self, runtime: Any) -> None:
        """Raises `TypeError` for a runtime in a container, from which this process cannot be reached."""
        if not isinstance(runtime.config, vf.SubprocessConfig):
            raise TypeError(
                f"runtime: expected subprocess, found {runtime.config.type}: the episode runs in this process, "
                "and no code of the model's is run; leave --env.player.runtime out"
            )

    async def launch(
        self,
        ctx: Any,
        trace: Any,
        runtime: Any,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: Any,
    ) -> Any:
        """Play until the episode is over, or until a limit of verifiers or of the model's context ends it.

        A rollout that fails has no reward, and a void episode fails its rollout with `VoidError`; one that a time limit
        cancels keeps its score so far.
        """
        session = configured(json.dumps(data.played))().reset(data.info["task_id"])
        openai = need("openai", "verifiers")
        record(trace, session, 0)
        try:
            async with openai.AsyncOpenAI(base_url=endpoint, api_key=secret, timeout=None) as client:
                await self._play(session, client, ctx, trace, data)
        except Exception:
            trace.rewards.pop("episode_score")
            raise
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")

    async def _play(self, session: Session, client: Any, ctx: Any, trace: Any, data: Any) -> None:
        tools = session.tools if data.tools == "native" else []
        messages, recovered = self._opening(data), 0
        while not session.done:
            message = await _ask(client, ctx.model, messages, tools, trace)
            if message is None:
                break
            said = await _said(message, len(session.rewards), ctx, trace, tools)
            step = session.step(said.action)
            recovered += said.recovered
            record(trace, session, recovered)
            session.check()
            messages += [message, *replies(step, said)]

    def _opening(self, data: Any) -> list[Message]:
        """The chat before the model's first message; a hook of verifiers may have made messages of the prompt."""
        wire = need("verifiers.v1.dialects.chat", "verifiers").message_to_wire
        system, prompt = self.resolve_prompt(data)
        opening = [{"role": "system", "content": system}] if system else []
        if isinstance(prompt, str):
            return [*opening, {"role": "user", "content": prompt}]
        return [*opening, *map(wire, prompt)]


class Said(NamedTuple):
    """What the environment is given for a message of the model.

    `ids` maps the ids of native calls, which are unique in the episode, to those the message has. `native` says how the
    replies go back.
    """

    action: Any
    ids: dict[str, str]
    native: bool
    recovered: int = 0


async def _ask(
    client: Any, model: str, messages: list[Message], tools: list[Message], trace: Any
) -> Message | None:
    """The model's next message as its server gave it; `None` where a limit ends the rollout."""
    overflow = need("verifiers.v1.harnesses.utils.compaction", "verifiers").is_context_overflow
    body = {"model": model, "messages": messages, **({"tools": tools} if tools else {})}
    try:
        answer = await client.post("/chat/completions", body=body, cast_to=object)
    except need("openai", "verifiers").APIStatusError as error:
        if trace.stop_condition is not None or overflow(error):
            return None
        raise
    message: Message = {k: v for k, v in answer["choices"][0]["message"].items() if v is not None}
    return {"content": None, **message, "role": "assistant"}


async def _said(message: Message, turn: int, ctx: Any, trace: Any, tools: list[Message]) -> Said:
    """The message whole. Its calls get new ids, for clients repeat theirs."""
    given = message.get("tool_calls") or []
    ids = {f"call_{turn}_{number}": call["id"] for number, call in enumerate(given)}
    calls = [{**call, "id": new} for call, new in zip(given, ids, strict=True)]
    whole = Said({**message, "tool_calls": calls} if calls else message, ids, bool(calls))
    if isinstance(ctx.client, vf.TrainClientConfig):
        return await _recovered(whole, calls, ctx, trace, tools)
    return whole


async def _recovered(said: Said, calls: list[Message], ctx: Any, trace: Any, tools: list[Message]) -> Said:
    """The same with the calls that `TrainClient` left out of the message."""
    branch = trace.branches[-1]
    tokens, length = branch.token_ids, sum(branch.nodes[-1].mask)
    prompt, sampled = tokens[: len(tokens) - length], tokens[len(tokens) - length :]
    train = need("verifiers.v1.clients.train", "verifiers")
    pool = train.ElasticRendererPool(
        ctx.client.renderer_model_name or ctx.model,
        ctx.client.renderer,
        chat_template_kwargs=ctx.sampling.model_dump(exclude_none=True).get("chat_template_kwargs"),
        multiplex=ctx.client.multiplex,
    )
    async with pool.acquire() as slot:
        renderer = slot.renderer
        parsed = renderer.parse_response(sampled, prompt_ids=prompt, tools=tools or None).tool_calls
        if not parsed and not getattr(renderer, "supports_tools", True):
            return _unstripped(said, sampled, renderer)
    unknown = train.ToolCallParseStatus.UNKNOWN_TOOL
    kept = iter(calls)
    every: list[Any] = []
    for call in parsed:
        every += _left_out(call) if not call.name or call.status == unknown else [next(kept)]
    recovered = len(every) - len(calls)
    return said._replace(action=every, native=True, recovered=recovered) if recovered else said


def _left_out(call: Any) -> list[ToolCall | ParseError]:
    """What the renderer found and the message lacks. It may be a call in the prompt's syntax, not the model's own."""
    if call.name and isinstance(call.arguments, dict):
        return [ToolCall(call.name, call.arguments)]
    read = parse_message(call.raw)
    found = [one for one in read.calls if isinstance(one, ToolCall)]
    if found and len(found) == len(read.calls):
        return [*found]
    return [ParseError("a tool call", f"{call.status.value}: {call.raw[:200]}")]


def _unstripped(said: Said, sampled: list[int], renderer: Any) -> Said:
    """The sampled text, where the default renderer has stripped special tokens that mark calls in it."""
    stops = set(renderer.get_stop_token_ids())
    tokens = [token for token in sampled if token not in stops]
    text = renderer._tokenizer.decode(tokens, skip_special_tokens=False)
    found = parse_message(text)
    if found.answer is not None or parse_message(said.action).answer is None:
        return said
    return said._replace(action=text, recovered=len(found.calls))


def replies(step: SessionStep, said: Said) -> list[Message]:
    """The replies of a step in the form of the calls; every native call has one."""
    if step.done:
        return []
    if not said.native:
        return [{"role": "user", "content": step.text}]
    answered = [reply["tool_call_id"] for reply in step.messages]
    messages = [
        {**reply, "tool_call_id": said.ids.get(reply["tool_call_id"], reply["tool_call_id"])}
        for reply in step.messages
    ]
    unread = {**step.messages[-1]}  # a message of too many calls has one reply for all that were not read
    return messages + [
        {**unread, "tool_call_id": own} for new, own in said.ids.items() if new not in answered
    ]


def record(trace: Any, session: Session, recovered: int) -> None:
    """The score so far as the trace's reward, and as metrics the rewards of the steps and the components."""
    components = {name: value for name, value in session.components().items() if name != "total"}
    steps = {f"step_{number}": reward for number, reward in enumerate(session.rewards)}
    trace.record_reward("episode_score", session.episode_score)
    trace.record_metrics({**steps, **components, "calls_recovered": recovered})


@cache
def configured(played: str) -> SessionFactory:
    """One factory per configuration and process."""
    return SessionFactory(**json.loads(played))
