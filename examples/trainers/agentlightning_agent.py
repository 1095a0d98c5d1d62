"""Agent Lightning 1.0: the agent that its controller starts for every rollout. Needs Python 3.12.

A rollout's `config.local` names the agent, and maps the task id to an environment variable:

    {"input": {"task_id": "..."}, "config": {"local": {
        "agent_class": "examples.trainers.agentlightning_agent.Agent",
        "env_map": {"TASK_ID": "input.task_id"}}}}

The agent calls the model through Agent Lightning's proxy, which records prompts and answers with their token ids. Only
the last reward event of a rollout counts, so exactly one is posted, at the end: the episode's score. The step rewards
are posted as an event of another type, which the trainer ignores.
"""

import os
from typing import Any

from agentlightning.client import AgentLightningSyncClient

from tool_orch_env.adapters.session import NATIVE_PROMPT, SessionFactory


class Agent:
    """Plays one episode and posts its reward."""

    def __init__(self) -> None:
        factory = SessionFactory(snapshot=os.environ.get("SNAPSHOT", "travel"), split=None)
        self.session = factory().reset(os.environ["TASK_ID"])
        self.api = AgentLightningSyncClient(key=os.environ.get("AGL_KEY"), timeout=600)

    def run(self) -> None:
        session = self.session
        messages = session.messages(NATIVE_PROMPT)
        while not session.done:
            message = self.ask(messages)
            messages += [message, *session.step(message).messages]
        session.check()  # a void episode raises: the rollout fails, and has no reward
        self.post("tool_orch_steps", {"rewards": session.rewards, **session.components()})
        self.post("reward", {"value": session.episode_score, "source": "agent"})

    def ask(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        """Get the next assistant message from the model."""
        url = f"{os.environ['AGL_OPENAI_BASE_URL']}/chat/completions"
        body = {"model": "default", "messages": messages, "tools": self.session.tools}
        answer = self.api.post(url, json=body).raise_for_status().json()
        message: dict[str, Any] = answer["choices"][0]["message"]
        return message

    def post(self, kind: str, data: dict[str, Any]) -> None:
        event = {"event_type": kind, "data": data}
        self.api.post(os.environ["AGL_EVENT_URL"], json=event).raise_for_status()
