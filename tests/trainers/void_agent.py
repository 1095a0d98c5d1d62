"""The example's agent for Agent Lightning, on a store that is gone when its model has answered."""

import os
from typing import Any

from breaking import Failing

from examples.trainers.agentlightning_agent import Agent as Example


class Agent(Example):
    """Plays one episode, which becomes void."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Failing()
        self.session = self.store.factory().reset(os.environ["TASK_ID"])

    def ask(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        message = super().ask(messages)
        self.store.error = OSError("gone")
        return message
