"""Everything the demonstration needs, made from the bundled snapshot alone: tasks, a tokenizer, a model from scratch.

    python -m examples.ppo_vllm.prepare --out build/ppo

Leaves in the folder tasks of 1 or 2 calls of seven tools, offered among up to two others, over three parts of the
snapshot's entities that share none:

    demonstrations.jsonl       the part that imitation sees
    train.jsonl, test.jsonl    another part, which nobody demonstrates: PPO learns on `train`, and `test` holds other
                               tasks about the same entities
    unseen.jsonl               a third part, which neither imitation nor PPO sees

and `model/`, a Llama of five million parameters, untrained, with a tokenizer trained on the demonstrations. Takes
half a minute. The same seed gives the same bytes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import tool_orch_env as toe
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.partition import Partition
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import Task, dump_tasks

from .chat import END, START
from .demonstrations import conversation, environments

CITIES = {"search_city", "get_city", "search_country", "get_country"}
TOOLS = CITIES | {"get_airport", "get_aircraft", "fx_rate"}
PARTS = {"demonstrations": (0.3, 1.0), "practice": (0.0, 0.24), "unseen": (0.24, 0.3)}
PIECES = r"\d{1,2}|[A-Z]|[^\dA-Z]+"
"""Codes fall into letters and ids into pairs of digits, which can be copied whether seen before or not; all else may
merge into long tokens, so that a whole JSON frame is a handful."""


class Family(Partition):
    """A part of the snapshot's entities, and only tasks whose golden calls are of `TOOLS`."""

    def roots(self, index: Index) -> Any:
        return super().roots(index) & np.array([call.tool in TOOLS for call in index.calls])

    def holds(self, task: Task) -> bool:
        plain = all(pick["criterion"]["kind"] in ("echo", "only") for pick in task.meta.get("picks", ()))
        return plain and {call.tool for call in task.golden} <= TOOLS


def tasks(index: Index, name: str, n: int, seed: int, answers: bool) -> list[Task]:
    """`n` tasks of a part, no two with more than three quarters of their calls in common.

    No choice needs a comparison, since long lists will be trimmed to their first item. Without `answers` the calls are
    all that counts: five million parameters do not learn to quote numbers in minutes.
    """
    targets = Targets(calls=weights("1-2"), distractors=weights("0-2"))
    part = Family(*PARTS[name], templates=False)
    made = list(synthesise(index, targets, n, seed, prefix=f"ppo-{name}", part=part))
    shuffled = [made[number] for number in np.random.default_rng(seed).permutation(n)]
    return shuffled if answers else [task.model_copy(update={"answer": ()}) for task in shuffled]


def chat(said: Sequence[str]) -> list[str]:
    """What is said in turn, with the names of who says it."""
    return [("assistant\n" if number % 2 else "user\n") + text for number, text in enumerate(said)]


def tokenizer(texts: Sequence[str], size: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE over `PIECES`, with the two marks of ChatML."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    marks = [AddedToken(mark, special=True) for mark in (END, START)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=size, special_tokens=marks, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=END, pad_token=END)


def model(vocabulary: int, width: int, layers: int, context: int, seed: int) -> LlamaForCausalLM:
    """A small Llama, its head tied to its embeddings."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // 32),
        max_position_embeddings=context,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make tasks, a tokenizer and an untrained model.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--demonstrations", type=int, default=1500)
    parser.add_argument("--train", type=int, default=1500)
    parser.add_argument("--held-out", type=int, default=150, help="tasks of `test` and of `unseen`, each")
    parser.add_argument("--answers", action="store_true", help="the facts asked for have to be stated too")
    parser.add_argument("--vocabulary", type=int, default=1024)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--context", type=int, default=640)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    index = Index(toe.Snapshot.open("travel"))
    sizes = {
        "demonstrations": given.demonstrations,
        "practice": given.train + given.held_out,
        "unseen": given.held_out,
    }
    made = {name: tasks(index, name, n, given.seed, given.answers) for name, n in sizes.items()}
    practice = made.pop("practice")
    made |= {"test": practice[: given.held_out], "train": practice[given.held_out :]}
    for name, some in made.items():
        (given.out / f"{name}.jsonl").write_bytes(dump_tasks(some))
        print(f"{name}: {len(some)} tasks, {sum(len(task.golden) > 1 for task in some)} of two calls")
    shown = made["demonstrations"]
    [env] = environments(shown, 1)
    words = tokenizer([text for task in shown for text in chat(conversation(env, task))], given.vocabulary)
    words.save_pretrained(given.out / "model")
    small = model(len(words), given.width, given.layers, given.context, given.seed)
    small.save_pretrained(given.out / "model")
    print(f"model: {small.num_parameters():,} parameters, {len(words)} tokens")


if __name__ == "__main__":
    main()
