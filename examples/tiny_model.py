"""Make tasks, a tokenizer and an untrained Llama, small enough to train on two CPU cores in minutes.

    python examples/tiny_model.py --out build/tiny
    python examples/tiny_model.py --out build/tiny-trl --context 16384 --trl_template qwen3    # for trl_grpo.py

Writes `train.jsonl` and `test.jsonl`, other tasks about the same few entities, by default of one or two calls, without
facts to state, and `model/`. It exists to run and test the pipeline without a download and without a GPU. It shows
nothing about language models that have learned a language. The same seed gives the same bytes.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import HfArgumentParser, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.hf_argparser import HfArg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tool_orch_env as toe
from examples.ppo_vllm import END, START, environments
from examples.sft import conversation
from tool_orch_env.synth.index import Index
from tool_orch_env.synth.partition import Partition
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights
from tool_orch_env.task import Task, dump_tasks

TOOLS = {"search_city", "get_city", "search_country", "get_country", "get_airport", "get_aircraft", "fx_rate"}
PIECES = r"\d{1,2}|[A-Z]|[^\dA-Z]+"
"""Codes fall into letters and ids into pairs of digits; all else may merge into long tokens."""


@dataclass
class Args:
    out: str = HfArg(help="folder for tasks and model")
    train: int = HfArg(default=200, help="tasks to learn from")
    test: int = HfArg(default=60, help="held-out tasks")
    calls: str = HfArg(default="1-2", help="golden calls of a task, such as 3-4")
    entities: float = HfArg(default=0.003, help="share of the snapshot's entities that the tasks are about")
    vocabulary: int = HfArg(default=768, help="tokens of the tokenizer")
    width: int = HfArg(default=128, help="hidden size")
    layers: int = HfArg(default=4, help="layers")
    context: int = HfArg(default=1024, help="tokens of an episode at most")
    trl_template: str = HfArg(
        default="", help="a chat template of TRL that the tokenizer carries, such as qwen3"
    )
    seed: int = HfArg(default=0, help="decides tasks and weights")


class Family(Partition):
    """A part of the snapshot's entities, and only tasks whose golden calls are of `TOOLS`."""

    def roots(self, index: Index) -> Any:
        return super().roots(index) & np.array([call.tool in TOOLS for call in index.calls])

    def holds(self, task: Task) -> bool:
        plain = all(pick["criterion"]["kind"] in ("echo", "only") for pick in task.meta.get("picks", ()))
        return plain and {call.tool for call in task.golden} <= TOOLS


def tasks(args: Args) -> tuple[list[Task], list[Task]]:
    """Train and test. No choice needs a comparison, since the model sees only the first item of a list."""
    targets = Targets(calls=weights(args.calls), distractors=weights("0-2"))
    part, n = Family(0.0, args.entities, templates=False), args.train + args.test
    index = Index(toe.Snapshot.open("travel"))
    made = [
        task.model_copy(update={"answer": ()})
        for task in synthesise(index, targets, n, args.seed, prefix="tiny", part=part)
    ]
    mixed = [made[number] for number in np.random.default_rng(args.seed).permutation(n)]
    return mixed[: args.train], mixed[args.train :]


def texts(tasks: Sequence[Task]) -> list[str]:
    """The golden conversations, a text per message."""
    [env] = environments(tasks, 1)
    roles = ("user\n", "assistant\n")
    return [roles[n % 2] + text for task in tasks for n, text in enumerate(conversation(env, task))]


def tokenizer(texts: Sequence[str], size: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE over `PIECES`, with the two marks of ChatML."""
    bpe = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(PIECES), behavior="isolated")
    by_byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([split, by_byte])
    bpe.decoder = decoders.ByteLevel()
    marks = [AddedToken(mark, special=True) for mark in (END, START)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=marks, initial_alphabet=alphabet)
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=END, pad_token=END)


def llama(vocabulary: int, width: int, layers: int, context: int, seed: int) -> LlamaForCausalLM:
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


def main(args: Args) -> None:
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    train, test = tasks(args)
    for name, some in (("train", train), ("test", test)):
        (out / f"{name}.jsonl").write_bytes(dump_tasks(some))
        calls = {(call.tool, str(call.arguments)) for task in some for call in task.golden}
        print(f"{name}: {len(some)} tasks, {len(calls)} different calls")
    words = tokenizer(texts(train), args.vocabulary)
    if args.trl_template:
        templates = files("trl") / "chat_templates"
        words.chat_template = (templates / f"{args.trl_template}.jinja").read_text(encoding="utf-8")
    words.save_pretrained(out / "model")
    model = llama(len(words), args.width, args.layers, args.context, args.seed)
    model.save_pretrained(out / "model")
    print(f"model: {model.num_parameters():,} parameters, {len(words)} tokens")


if __name__ == "__main__":
    main(*HfArgumentParser(Args, description=__doc__.splitlines()[0]).parse_args_into_dataclasses())
