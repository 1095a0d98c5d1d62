"""A model behind an OpenAI-compatible URL, queried with the `openai` client.

The client retries connection errors, 429 and 5xx. The key comes from OPENAI_API_KEY and is never written anywhere. A
malformed tool call is not a policy error: it is passed on as it is, and the protocol handles it.
"""

import json
import os
from typing import Any, cast
from urllib.parse import urlsplit

import openai

from ...errors import UsageError
from ...jsonvalues.canonical import to_text
from ...task import Task
from ..protocols import Arena
from .base import Chat, PolicyError, Said, Settings, Speaker

TOOLS_PROMPT = (
    "These are the tools, one JSON object per line:\n{tools}\n"
    'Write each call as <tool_call>{{"name": "...", "arguments": {{...}}}}</tool_call>.'
)
_BACKOFF = 8.0
"""The longest that the client waits between two attempts, in seconds."""


class OpenAIPolicy:
    """A policy that queries a model. `place` is MODEL@URL, with the URL up to but not including `/chat/completions`."""

    def __init__(self, place: str, settings: Settings) -> None:
        """Raises `UsageError` if `place` has another form, or its URL contains credentials or a query."""
        model, at, url = place.rpartition("@")
        parts = urlsplit(url)
        if "://" in model or parts.username or parts.password or parts.query:
            raise UsageError("openai: the URL contains a user or a query; put the key into OPENAI_API_KEY")
        if not (model and at and parts.scheme in ("http", "https") and parts.netloc):
            raise UsageError(f"openai:{place}: expected openai:MODEL@URL with an http or https URL")
        self.name = f"openai:{place}"
        self.patience = (settings.timeout + _BACKOFF) * (settings.retries + 1)
        self._model = model
        self._settings = settings
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=settings.timeout,
            max_retries=settings.retries,
        )

    async def open(self) -> None:
        """Nothing to prepare."""

    def begin(self, arena: Arena, task: Task, trial: int) -> Speaker:
        seed = self._settings.seed + trial

        async def speak(messages: Chat, tools: Chat) -> Said:
            try:
                reply = await self._client.chat.completions.create(**self._request(messages, tools, seed))
            except openai.APITimeoutError as error:
                raise PolicyError("timeout", f"no answer within {self._settings.timeout:g} s") from error
            except openai.APIStatusError as error:
                raise PolicyError(
                    f"http_{error.status_code}", f"{error.request.url}: {_one_line(error.message)}"
                ) from error
            except openai.APIConnectionError as error:
                reason = f"{error.request.url}: {_one_line(str(error.__cause__ or error))}"
                raise PolicyError("connection", reason) from error
            except (openai.OpenAIError, ValueError) as error:
                raise PolicyError("bad_reply", f"not a chat completion: {_one_line(str(error))}") from error
            return _said(reply)

        return speak

    def _request(self, messages: Chat, tools: Chat, seed: int) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "temperature": self._settings.temperature,
            "max_tokens": self._settings.max_tokens,
            "seed": seed,
        }
        if self._settings.tools == "native":
            return {**request, "messages": sendable(messages), "tools": tools}
        return {**request, "messages": in_prompt(messages, tools)}

    async def close(self) -> None:
        await self._client.close()


def sendable(messages: Chat) -> Chat:
    """The chat in a form that servers accept.

    Arguments that are not a JSON object become `{}`. Replies to calls that the server did not see as tool calls,
    because the model wrote them as text, become user messages.
    """
    sent: Chat = []
    known: set[str] = set()
    for message in messages:
        if message["role"] == "assistant":
            calls = [_whole(call) for call in message.get("tool_calls") or () if isinstance(call, dict)]
            known = {call["id"] for call in calls}
            content = message.get("content")
            shown = content if isinstance(content, str) else None if calls else ""
            sent.append({"role": "assistant", "content": shown, **({"tool_calls": calls} if calls else {})})
        elif message["role"] == "tool" and message["tool_call_id"] not in known:
            _say(sent, message["content"])
        else:
            sent.append({name: item for name, item in message.items() if name != "name"})
    return sent


def in_prompt(messages: Chat, tools: Chat) -> Chat:
    """The chat without tool roles: tools in the system prompt, calls as text, replies as user messages."""
    listed = "\n".join(to_text(tool["function"]) for tool in tools)
    sent: Chat = []
    for message in messages:
        if message["role"] == "system":
            prompt = TOOLS_PROMPT.format(tools=listed)
            sent.append({"role": "system", "content": f"{message['content']}\n\n{prompt}"})
        elif message["role"] == "assistant":
            calls = [to_text(call["function"]) for call in _functions(message)]
            text = "\n".join(f"<tool_call>{call}</tool_call>" for call in calls)
            content = message.get("content")
            sent.append(
                {"role": "assistant", "content": (content if isinstance(content, str) else "") + text}
            )
        elif message["role"] == "tool":
            _say(sent, message["content"])
        else:
            sent.append(message)
    return sent


def _functions(message: dict[str, Any]) -> Chat:
    calls = message.get("tool_calls")
    return [_whole(call) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _say(sent: Chat, reply: str) -> None:
    """Append a reply as a user message. Replies to the same assistant message are joined."""
    text = f"<tool_response>\n{reply}\n</tool_response>"
    if sent and sent[-1]["role"] == "user":
        sent[-1] = {"role": "user", "content": f"{sent[-1]['content']}\n{text}"}
    else:
        sent.append({"role": "user", "content": text})


def _whole(call: dict[str, Any]) -> dict[str, Any]:
    inner = call.get("function")
    inner = inner if isinstance(inner, dict) else {}
    arguments = inner.get("arguments")
    try:
        sound = isinstance(json.loads(arguments), dict) if isinstance(arguments, str) else False
    except (ValueError, RecursionError):
        sound = False
    function = {"name": str(inner.get("name", "")), "arguments": arguments if sound else "{}"}
    return {"id": str(call.get("id", "")), "type": "function", "function": function}


def _said(reply: Any) -> Said:
    """The message and the token counts of a completion. Raises `PolicyError` if it has no message."""
    choices = getattr(reply, "choices", None)
    message = getattr(choices[0], "message", None) if choices else None
    if message is None:
        raise PolicyError("bad_reply", "a completion without a message")
    content = cast("str | None", message.content)
    action: dict[str, Any] = {"role": "assistant", "content": content}
    if message.tool_calls:
        action["tool_calls"] = [call.model_dump(mode="json", warnings=False) for call in message.tool_calls]
    usage = getattr(reply, "usage", None)
    if usage is None:
        return Said(action)
    counted = {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens}
    return Said(action, {name: int(number or 0) for name, number in counted.items()})


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
