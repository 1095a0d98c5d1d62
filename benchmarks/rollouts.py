"""Compare rollouts of `examples/ppo_vllm.py` with the same token load through vLLM alone.

    python benchmarks/rollouts.py                        # 64 and 256 episodes at once, tiny Llama; minutes
    python benchmarks/rollouts.py --episodes 8 --rounds 1
    python benchmarks/rollouts.py --model build/smollm2 --episodes 64    # a real model, made by examples/smollm2.py

The load is that of golden conversations: each message has as many tokens as the golden one, and the episode goes on
with the golden one. Variants, interleaved in every round:

- `raw`, the baseline: the recorded prompts of each conversation through the engine, a turn after the one before it. No
  environment, no tokenizer, nothing read but which message is finished.
- `rollout`: `rollout` of the example; an episode asks for its next message as soon as its reply is there.
- `lock-step`: the same, but no episode goes on before the messages of all have ended.

Prints tokens generated per second of wall and of processor time, their ratio to `raw` of the same round, and the share
of time inside `reset` and `step` of the environments. Medians over the rounds. Shares are high because the model is
tiny: with a larger one, the engine takes longer and the environment does not.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
from transformers import AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tool_orch_env as toe
from examples import ppo_vllm, sft, tiny_model
from examples.ppo_vllm import Args, Chat, Engine, environments
from tool_orch_env.task import Task

Reply = tuple[int, list[int], list[float]]
Times = dict[str, float]


class Golden(Engine):
    """Generates as many tokens as the golden message has, and says the golden one. Records what was asked."""

    def begin(self, messages: Sequence[list[list[int]]]) -> None:
        self._messages, self.tokens = messages, 0
        self.asked: dict[int, list[tuple[list[int], dict[str, Any]]]] = defaultdict(list)

    def ask(self, key: int, prompt: list[int], **sampling: Any) -> None:
        length = len(self._messages[key][len(self.asked[key])])
        self.asked[key].append((prompt, {**sampling, "max_tokens": length, "min_tokens": length}))
        self.tokens += length
        super().ask(key, prompt, **self.asked[key][-1][1])

    def replies(self) -> Iterator[Reply]:
        for key, _, logprobs in super().replies():
            yield key, self._messages[key][len(self.asked[key]) - 1], logprobs


class LockStep(Golden):
    """Returns no message before all that were asked for have ended."""

    def replies(self) -> Iterator[Reply]:
        while ended := list(super().replies()):
            yield from ended


class Timed(gym.Wrapper[Any, Any, Any, Any]):
    """Adds the processor time of `reset` and `step` up."""

    spent = 0.0

    def reset(self, **options: Any) -> Any:
        start = time.thread_time()
        result = self.env.reset(**options)
        Timed.spent += time.thread_time() - start
        return result

    def step(self, action: Any) -> Any:
        start = time.thread_time()
        result = self.env.step(action)
        Timed.spent += time.thread_time() - start
        return result


def replay(engine: Engine, asked: dict[int, list[tuple[list[int], dict[str, Any]]]]) -> None:
    """The recorded requests, each as soon as the one before it in its conversation has ended."""
    left = {key: iter(requests) for key, requests in asked.items()}

    def ask(key: int) -> None:
        for prompt, sampling in left[key]:
            Engine.ask(engine, key, prompt, **sampling)
            return

    for key in left:
        ask(key)
    while engine.llm.has_unfinished_requests():
        for output in engine.llm.step():
            ask(int(output.request_id))


def measured(run: Any) -> Times:
    wall, cpu, Timed.spent = time.perf_counter(), time.process_time(), 0.0
    run()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "env": Timed.spent}


def compare(tasks: Sequence[Task], chat: Chat, args: Args, rounds: int) -> None:
    """Measure one number of episodes and print its rows."""
    envs = [Timed(env) for env in environments(tasks, len(tasks))]
    conversations = [sft.conversation(envs[0], task) for task in tasks]
    messages = [[[*chat.encode(text), chat.end] for text in said[1::2]] for said in conversations]
    names = [task.id for task in tasks]
    golden, lock_step = Golden(args, chat.end), LockStep.__new__(LockStep)
    lock_step.__dict__ = golden.__dict__  # one engine, two ways to read it

    def play(engine: Golden) -> None:
        golden.begin(messages)
        golden.llm.reset_prefix_cache()
        episodes = ppo_vllm.rollout(engine, chat, envs, names, args, 0, 1.0)
        assert all(episode.success for episode in episodes), "a golden conversation did not succeed"

    def raw() -> None:
        golden.llm.reset_prefix_cache()
        replay(golden, asked)

    play(golden)  # warms up, and records the requests
    asked, tokens = golden.asked, golden.tokens
    runs = {"raw": raw, "rollout": lambda: play(golden), "lock-step": lambda: play(lock_step)}
    found = [{name: measured(run) for name, run in runs.items()} for _ in range(rounds)]
    turns = sum(map(len, messages))
    for name in runs:
        wall, cpu = (statistics.median(tokens / one[name][kind] for one in found) for kind in ("wall", "cpu"))
        ratios = [
            statistics.median(one["raw"][kind] / one[name][kind] for one in found) for kind in ("wall", "cpu")
        ]
        share = statistics.median(one[name]["env"] / one[name]["cpu"] for one in found)
        cells = [f"{wall:.0f}", f"{cpu:.0f}", *(f"{ratio:.3f}" for ratio in ratios), f"{share:.2%}"]
        print("|", " | ".join([str(len(tasks)), name, str(turns), str(tokens), *cells]), "|", flush=True)
    golden.llm.engine_core.shutdown()


def tiny(folder: Path, tasks: Sequence[Task], width: int, layers: int) -> Path:
    """Make an untrained Llama, and say its size."""
    tokenizer = tiny_model.tokenizer(tiny_model.texts(tasks[:64]), 2000)
    tokenizer.save_pretrained(folder)
    model = tiny_model.llama(len(tokenizer), width, layers, 4096, seed=0)
    model.save_pretrained(folder)
    print(f"a model of {model.num_parameters():,} parameters\n")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--model", type=Path, help="folder of a model that knows ChatML, instead of a tiny one"
    )
    parser.add_argument("--width", type=int, default=64, help="hidden size of the model")
    parser.add_argument("--layers", type=int, default=2, help="layers of the model")
    given = parser.parse_args()
    tasks = toe.load_tasks("travel", "train")[: max(given.episodes)]
    with tempfile.TemporaryDirectory() as made:
        folder = given.model or tiny(Path(made), tasks, given.width, given.layers)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        print(
            "| episodes | variant | messages | tokens | tokens/s | per CPU s | / raw | / raw, CPU | environment |"
        )
        print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for n in given.episodes:
            args = Args(str(folder), "", num_episodes=n, max_model_len=4096, max_tokens=1024)
            compare(tasks[:n], Chat(tokenizer), args, given.rounds)


if __name__ == "__main__":
    main()
