"""The model that is trained: a causal language model of transformers with a value head, whole or by LoRA.

Enters: token ids. Leaves: logprobs and entropies of the tokens that a policy sampled, values of the states it spoke in,
and its weights under the names that an engine loads. A *state* is the last token before a turn: all that is known then.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from .rollout import Episode


class Batch(NamedTuple):
    """Episodes side by side, padded right with 0. N counts their sampled tokens, S their turns, both row by row."""

    ids: Tensor  # int64 (B, T)
    sampled: Tensor  # bool (B, T): what the policy said
    states: Tensor  # bool (B, T): the last token before each turn

    @classmethod
    def of(cls, episodes: Sequence[Episode], device: torch.device) -> "Batch":
        longest = max(len(episode.ids) for episode in episodes)
        ids = torch.zeros(len(episodes), longest, dtype=torch.int64)
        sampled, states = torch.zeros_like(ids, dtype=torch.bool), torch.zeros_like(ids, dtype=torch.bool)
        for row, episode in enumerate(episodes):
            n = len(episode.ids)
            ids[row, :n], sampled[row, :n] = torch.tensor(episode.ids), torch.tensor(episode.sampled)
            states[row, [start - 1 for start, _ in episode.turns]] = True
        return cls(ids.to(device), sampled.to(device), states.to(device))


class Judged(NamedTuple):
    logprobs: Tensor  # (N,)
    entropies: Tensor  # (N,)
    states: Tensor  # (S, D): last hidden states, without gradient
    values: Tensor  # (S,)


class Policy(nn.Module):
    """A language model with a value head on its last hidden state."""

    def __init__(
        self, folder: str, lora: int = 0, checkpointing: bool = False, dtype: str = "float32"
    ) -> None:
        """`lora` is the rank of the adapters, 0 for full weights; `checkpointing` trades time for memory."""
        super().__init__()
        lm: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
        if checkpointing:
            lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if lora:
            from peft import LoraConfig, get_peft_model

            config = LoraConfig(
                r=lora, lora_alpha=2 * lora, target_modules="all-linear", task_type="CAUSAL_LM"
            )
            lm = get_peft_model(lm, config)
        self.lm = lm
        self.lora = bool(lora)
        self.value = nn.Linear(lm.config.hidden_size, 1, dtype=torch.float32)
        nn.init.zeros_(self.value.weight)
        nn.init.zeros_(self.value.bias)

    def forward(self, batch: Batch, temperature: float = 1.0) -> Judged:
        """Causality hides the padding, which stands right, so no attention mask is needed."""
        causal = self.lm.get_base_model() if self.lora else self.lm
        hidden = causal.model(input_ids=batch.ids, use_cache=False).last_hidden_state  # (B, T, D)
        said = batch.sampled[:, 1:]  # (B, T-1)
        logits = causal.lm_head(hidden[:, :-1][said]).float() / temperature  # (N, V)
        logs = logits.log_softmax(-1)
        logprobs = logs.gather(1, batch.ids[:, 1:][said].unsqueeze(1)).squeeze(1)
        entropies = -(logs.exp() * logs).sum(-1)
        states = hidden[batch.states].detach().float()
        return Judged(logprobs, entropies, states, self.value(states).squeeze(-1))

    def weights(self) -> Iterator[tuple[str, Tensor]]:
        """Every tensor of the language model, adapters merged in, under the name in a transformers checkpoint.

        The head is among them where it is tied to the embeddings too: an engine may keep a copy of its own.
        """
        if not self.lora:
            yield from ((name, tensor.detach()) for name, tensor in self.lm.state_dict().items())
            return
        self.lm.merge_adapter()
        try:
            for name, tensor in self.lm.get_base_model().state_dict().items():
                if "lora_" not in name:
                    yield name.replace(".base_layer.", "."), tensor.detach().clone()
        finally:
            self.lm.unmerge_adapter()

    def spoken(self) -> list[nn.Parameter]:
        """What is trained of the language model."""
        return [parameter for parameter in self.lm.parameters() if parameter.requires_grad]

    def save(self, folder: str) -> None:
        """The language model as transformers saves it, adapters merged in."""
        causal = self.lm.get_base_model() if self.lora else self.lm
        causal.save_pretrained(folder, state_dict=dict(self.weights()))
