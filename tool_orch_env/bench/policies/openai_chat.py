"""A model behind an OpenAI-compatible URL, queried with the `openai` client.

The client retries connection errors, 429 and 5xx. The key comes from OPENAI_API_KEY and is never written anywhere. A
malformed tool call is not a policy error: it is passed on as it is, and the protocol handles it.
"""

import os
from typing import Any
from urllib.parse import urlsplit

import openai

from ...calls.write import FORMATS
from ...errors import UsageError
from ...task import Task
from ..protocols import Arena
from .base import Chat, PolicyError, Said, Settings, Speaker
from .chat_history import REASONING, in_prompt, sendable

KEPT = ("tool_calls", "function_call", "refusal", *REASONING)
"""What is kept of a message beside its content, if it was sent."""
MOST_TOKENS = 2**53
"""A greater number in a server's usage is none."""
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
                return _said(
                    await self._client.chat.completions.create(**self._request(messages, tools, seed))
                )
            except PolicyError:
                raise
            except openai.APITimeoutError as error:
                raise PolicyError("timeout", f"no answer within {self._settings.timeout:g} s") from error
            except openai.APIStatusError as error:
                raise PolicyError(
                    f"http_{error.status_code}", f"{error.request.url}: {_one_line(error.message)}"
                ) from error
            except openai.APIConnectionError as error:
                reason = f"{error.request.url}: {_one_line(str(error.__cause__ or error))}"
                raise PolicyError("connection", reason) from error
            except Exception as error:  # whatever the client raises at what a server sends
                raise PolicyError("bad_reply", f"not a chat completion: {_one_line(str(error))}") from error

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
        form = FORMATS[self._settings.call_format or "hermes"]
        if form.special:  # vLLM and SGLang would remove the marks of a call
            request["extra_body"] = {"skip_special_tokens": False}
        return {**request, "messages": in_prompt(messages, tools, form)}

    async def close(self) -> None:
        await self._client.close()


def _said(reply: Any) -> Said:
    """The message and the token counts of a completion. Raises `PolicyError` if it has no message."""
    choices = getattr(reply, "choices", None)
    message = getattr(choices[0], "message", None) if choices and isinstance(choices, list) else None
    if not isinstance(message, openai.BaseModel):
        raise PolicyError("bad_reply", "a completion without a message")
    sent = message.model_dump(mode="json", warnings=False)
    action = {"role": "assistant", "content": sent.get("content")}
    action |= {name: sent[name] for name in KEPT if sent.get(name) not in (None, [])}
    usage = getattr(reply, "usage", None)
    counted: dict[str, Any] = {
        name: getattr(usage, f"{name}_tokens", None) for name in ("prompt", "completion")
    }
    sound = all(type(number) is int and 0 <= number <= MOST_TOKENS for number in counted.values())
    return Said(action, {name: int(number) for name, number in counted.items()} if sound else None)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
