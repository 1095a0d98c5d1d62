"""PPO over a policy that vLLM serves: a language model learns to orchestrate tools.

    pip install '.[ppo]' vllm                                # without a GPU: see docs/train.md
    python examples/tiny_model.py --out build/tiny           # or a model of yours with ChatML, such as SmolLM2 or Qwen
    python examples/sft.py --model build/tiny/model --tasks build/tiny/train.jsonl --out build/imitated
    python examples/ppo_vllm.py --model build/imitated --tasks build/tiny/train.jsonl \\
        --held_out build/tiny/test.jsonl --out runs/ppo

Each update plays `num_episodes` episodes, proves that the engine holds the trainer's weights, computes advantages over
turns, takes clipped policy gradient steps, and hands the new weights to the engine. `--out` receives `metrics.jsonl`,
`evaluations.jsonl`, `curve.png`, `model/`, and `checkpoint.pt`, from which the same command resumes.

A turn is one action: values and GAE run over turns, and all tokens of a turn share its advantage. The value head learns
by itself from the model's last hidden states. KL is part of the loss. The old logprobs are the engine's own.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, HfArgumentParser
from transformers.hf_argparser import HfArg

import tool_orch_env as toe
from tool_orch_env.bench.intervals import mean
from tool_orch_env.task import Task

os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # so that it can be handed tensors
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")  # the trainer wants the same cores
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")

START, END = "<|im_start|>", "<|im_end|>"
Floats = np.ndarray
Envs = Sequence[gym.Env[str, Any]]


@dataclass
class Args:
    model: str = HfArg(help="folder or name of a model whose tokenizer knows ChatML")
    out: str = HfArg(help="folder of the run; if it has a checkpoint, the run resumes there")
    tasks: str = HfArg(default="travel", help="task file, or snapshot (its split train)")
    held_out: str = HfArg(default="travel", help="task file, or snapshot (its split test)")
    reward: str = HfArg(default="graduated", help="reward preset of the environment, such as binary")
    seed: int = HfArg(default=0, help="decides tasks, samples and minibatches")

    num_updates: int = HfArg(default=20, help="updates of the policy in all")
    num_episodes: int = HfArg(default=64, help="episodes per update, all played at once")
    minibatch_size: int = HfArg(default=16, help="episodes per forward pass and optimizer step")
    update_epochs: int = HfArg(default=1, help="passes over the episodes of an update")
    learning_rate: float = HfArg(default=2e-4, help="AdamW on the policy, constant")
    gamma: float = HfArg(default=1.0, help="discount per turn")
    gae_lambda: float = HfArg(default=0.8, help="lambda of generalised advantage estimation, per turn")
    clip_coef: float = HfArg(default=0.2, help="clipping of the probability ratio of each token")
    kl_coef: float = HfArg(default=0.02, help="weight of the divergence from the initial model")
    ent_coef: float = HfArg(default=0.0, help="weight of the entropy bonus")
    max_grad_norm: float = HfArg(default=1.0, help="gradient norm at which gradients are clipped")
    value_learning_rate: float = HfArg(default=5e-3, help="AdamW on the value head")
    value_steps: int = HfArg(default=100, help="full-batch steps of the value head per update")
    value_warmup: int = HfArg(default=2, help="first updates, in which only the value head learns")
    lora: int = HfArg(default=0, help="rank of LoRA adapters on all linear layers; 0 trains all weights")
    dtype: str = HfArg(default="float32", help="of engine and trainer; bfloat16 needs a larger max_gap")
    max_gap: float = HfArg(default=1e-3, help="stop if logprobs of engine and trainer differ by more")

    temperature: float = HfArg(default=1.0, help="sampling temperature of the episodes")
    max_model_len: int = HfArg(default=512, help="tokens of an episode")
    max_tokens: int = HfArg(default=64, help="tokens of one assistant message")
    max_turns: int = HfArg(default=4, help="assistant messages of an episode")
    tool_docs: str = HfArg(default="signature", help="how the environment describes tools, see its docs")
    max_items: int = HfArg(default=1, help="list items shown of a response")
    max_response_chars: int = HfArg(default=800, help="characters shown of a response")
    eval_every: int = HfArg(default=5, help="updates between evaluations, and between checkpoints")


class Chat:
    """ChatML as token ids. What was sampled is never encoded again; an episode only grows."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.end: int = tokenizer.convert_tokens_to_ids(END)
        if self.end is None or self.end == tokenizer.unk_token_id:
            raise ValueError(f"the tokenizer has no token {END}: a model with ChatML is needed")

    def opening(self, observation: str) -> list[int]:
        """The prompt of the first turn. A tool's text must not be read as a mark of the chat."""
        shown = observation.replace("<|", "< |")
        return self.encode(f"{START}user\n{shown}{END}\n{START}assistant\n")

    def reply(self, observation: str) -> list[int]:
        """What comes between a sampled message, which ends with `end`, and the next one."""
        return self.encode("\n") + self.opening(observation)

    def text(self, sampled: list[int]) -> str:
        """A sampled message as the environment reads it."""
        ids = sampled[:-1] if sampled and sampled[-1] == self.end else sampled
        return str(self.tokenizer.decode(ids, skip_special_tokens=False))

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))


@dataclass
class Episode:
    """One episode. N counts its sampled tokens, S its turns; the last two fields are the trainer's."""

    task_id: str
    ids: list[int]
    turns: list[tuple[int, int]] = field(default_factory=list)  # (S,): what was sampled, [start, end) in ids
    logprobs: list[float] = field(default_factory=list)  # (N,): the engine's
    rewards: list[float] = field(default_factory=list)  # (S,): each belongs to its turn's last token
    messages: list[str] = field(default_factory=list)
    success: bool = False
    cause: str | None = None  # why it was cut: context, unended or turns
    advantages: Floats | None = None  # (N,)
    returns: Floats | None = None  # (S,)


class Engine:
    """vLLM in this process. Messages are requested and returned one by one, so no episode waits for another."""

    def __init__(self, args: Args, stop: int) -> None:
        from vllm import EngineArgs
        from vllm.v1.engine.llm_engine import LLMEngine

        gpu, self.stop = torch.cuda.is_available(), stop
        engine_args = EngineArgs(
            model=args.model,
            dtype=args.dtype,
            max_model_len=args.max_model_len,
            max_num_seqs=args.num_episodes,
            max_num_batched_tokens=max(8192, args.max_model_len),
            enable_chunked_prefill=gpu,  # vLLM 0.32 on a CPU cannot split the prompt of a seeded request
            enforce_eager=not gpu,
            gpu_memory_utilization=0.4,  # leaves room for the trainer
            logprobs_mode="processed_logprobs",  # after the temperature, as the ratio needs them
            generation_config="vllm",
            disable_log_stats=True,
        )
        self.llm = LLMEngine.from_engine_args(engine_args)

    def ask(self, key: int, prompt: list[int], **sampling: Any) -> None:
        """Request a message. The seed in `sampling` decides its draws, whatever else is being generated."""
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        params = SamplingParams(
            **sampling,
            stop_token_ids=[self.stop],
            logprobs=0,  # of the sampled token only
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        self.llm.add_request(str(key), {"prompt_token_ids": prompt}, params)

    def replies(self) -> Iterator[tuple[int, list[int], list[float]]]:
        """Messages as they are finished, until none is being generated: key, ids, the logprob of each id."""
        while self.llm.has_unfinished_requests():
            for output in self.llm.step():
                [one] = output.outputs
                ids = list(one.token_ids)
                logprobs = [entry[token].logprob for entry, token in zip(one.logprobs, ids, strict=True)]
                yield int(output.request_id), ids, logprobs

    def push(self, weights: Iterator[tuple[str, Tensor]]) -> None:
        """Take over the trainer's weights."""
        self.llm.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(list(weights))})
        self.llm.reset_prefix_cache()


def environments(tasks: Sequence[Task], n: int, **options: Any) -> Envs:
    """`ToolOrch-v0` `n` times on these tasks, by default showing little; the tasks are compiled once for all."""
    form = {"tool_docs": "signature", "max_items": 1, "max_response_chars": 800, **options}
    vector = gym.make_vec("ToolOrch-v0", num_envs=n, snapshot=tasks[0].snapshot, tasks=tasks, **form)
    return vector.unwrapped.envs  # type: ignore[attr-defined,no-any-return]


def rollout(
    engine: Engine, chat: Chat, envs: Envs, task_ids: Sequence[str], args: Args, seed: int, temperature: float
) -> list[Episode]:
    """One episode per task, each in its own environment, without void ones. The same seed and weights give the same.

    An episode asks for its next message as soon as its reply is there. One that cannot go on keeps its rewards and has
    a `cause`: `context` (no room left), `unended` (a message of `max_tokens`), `turns` (`max_turns` messages).
    """
    episodes: list[Episode] = []

    def ask(i: int) -> None:
        episode = episodes[i]
        room = min(args.max_tokens, args.max_model_len - len(episode.ids))
        if room <= 0:
            episode.cause = "context"
            return
        draws = int(np.random.default_rng([seed, i, len(episode.turns)]).integers(1 << 31))
        engine.ask(i, episode.ids.copy(), max_tokens=room, seed=draws, temperature=temperature)

    for i, task_id in enumerate(task_ids):
        observation, _ = envs[i].reset(options={"task_id": task_id})
        episodes.append(Episode(task_id, chat.opening(observation)))
        ask(i)
    for i, ids, logprobs in engine.replies():
        episode = episodes[i]
        episode.turns.append((len(episode.ids), len(episode.ids) + len(ids)))
        episode.ids += ids
        episode.logprobs += logprobs
        if ids[-1] != chat.end:
            episode.rewards.append(0.0)
            episode.cause = "context" if len(episode.ids) >= args.max_model_len else "unended"
            continue
        episode.messages.append(chat.text(ids))
        observation, reward, terminated, truncated, info = envs[i].step(episode.messages[-1])
        episode.rewards.append(float(reward))
        if terminated or truncated:
            episode.success = info["success"]
            episode.cause = "void" if "void" in info else "turns" if truncated else None
        else:
            episode.ids += chat.reply(observation)
            ask(i)
    return [episode for episode in episodes if episode.cause != "void"]


class Policy(nn.Module):
    """A causal language model with a value head on its last hidden state."""

    def __init__(self, args: Args) -> None:
        super().__init__()
        lm: Any = AutoModelForCausalLM.from_pretrained(args.model, dtype=getattr(torch, args.dtype))
        self.lora = bool(args.lora)
        if self.lora:
            from peft import LoraConfig, get_peft_model

            config = LoraConfig(r=args.lora, lora_alpha=2 * args.lora, target_modules="all-linear")
            lm = get_peft_model(lm, config)
        self.lm = lm
        self.value = nn.Linear(lm.config.hidden_size, 1, dtype=torch.float32)
        nn.init.zeros_(self.value.weight)
        nn.init.zeros_(self.value.bias)

    @property
    def causal(self) -> Any:
        return self.lm.get_base_model() if self.lora else self.lm

    def forward(self, episodes: Sequence[Episode], temperature: float) -> tuple[Tensor, Tensor, Tensor]:
        """Logprobs (N,) and entropies (N,) of the sampled tokens, and the last hidden state before each turn (S, D).

        States carry no gradient. Padding is on the right, where causal attention does not see it.
        """
        longest, device = max(len(one.ids) for one in episodes), self.value.weight.device
        ids = torch.tensor([one.ids + [0] * (longest - len(one.ids)) for one in episodes], device=device)
        sampled, states = torch.zeros_like(ids, dtype=torch.bool), torch.zeros_like(ids, dtype=torch.bool)
        for row, one in enumerate(episodes):
            for start, end in one.turns:
                sampled[row, start:end], states[row, start - 1] = True, True
        hidden = self.causal.model(input_ids=ids, use_cache=False).last_hidden_state  # (B, T, D)
        logits = self.causal.lm_head(hidden[:, :-1][sampled[:, 1:]]).float() / temperature  # (N, V)
        logs = logits.log_softmax(-1)
        logprobs = logs.gather(1, ids[sampled][:, None]).squeeze(1)
        return logprobs, -(logs.exp() * logs).sum(-1), hidden[states].detach().float()

    def weights(self) -> Iterator[tuple[str, Tensor]]:
        """Every tensor of the language model by its name in a checkpoint, adapters merged in.

        A head tied to the embeddings is included: vLLM on a CPU keeps a packed copy of its own.
        """
        if not self.lora:
            yield from ((name, tensor.detach()) for name, tensor in self.lm.state_dict().items())
            return
        self.lm.merge_adapter()
        for name, tensor in self.causal.state_dict().items():
            if "lora_" not in name:
                yield name.replace(".base_layer.", "."), tensor.detach().clone()
        self.lm.unmerge_adapter()


def gae(rewards: Sequence[float], values: Floats, gamma: float, lam: float) -> tuple[Floats, Floats]:
    """Advantages and returns (S,) of one episode (Schulman et al. 2016). One that was cut ends there too."""
    advantages, ahead, after = np.zeros(len(values)), 0.0, 0.0
    for turn in reversed(range(len(values))):
        delta = rewards[turn] + gamma * after - values[turn]
        advantages[turn] = ahead = delta + gamma * lam * ahead
        after = values[turn]
    return advantages, advantages + values


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def draw(evaluations: Path) -> None:
    """Held-out success over updates, with 95 % intervals, as `curve.png` beside the file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for how in ("sampled", "greedy"):
        lines = [line for line in read(evaluations) if line["how"] == how]
        x, y, low, high = ([line[key] for line in lines] for key in ("update", "value", "low", "high"))
        axes.plot(x, y, "o-", label=how)
        axes.fill_between(x, low, high, alpha=0.2)
    axes.set(xlabel="update", ylabel="held-out success", ylim=(0, 1))
    axes.legend()
    figure.savefig(evaluations.with_name("curve.png"), dpi=120)


def train(args: Args) -> None:
    """The whole run, from its checkpoint if it has one."""
    out, device = Path(args.out), "cuda" if torch.cuda.is_available() else "cpu"
    out.mkdir(parents=True, exist_ok=True)
    (out / "args.json").write_text(json.dumps(vars(args), indent=1))
    torch.manual_seed(args.seed)
    chat = Chat(AutoTokenizer.from_pretrained(args.model))
    policy = Policy(args).to(device)
    initial = policy if args.lora else Policy(args).to(device)
    trained = [parameter for parameter in policy.lm.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=args.learning_rate, weight_decay=0.0, eps=1e-5)
    critic = torch.optim.AdamW(policy.value.parameters(), lr=args.value_learning_rate, weight_decay=0.01)
    tasks = toe.load_tasks(args.tasks, None if Path(args.tasks).is_file() else "train")
    held_out = toe.load_tasks(args.held_out, None if Path(args.held_out).is_file() else "test")
    form = {key: vars(args)[key] for key in ("max_turns", "tool_docs", "max_items", "max_response_chars")}
    envs = environments(tasks, args.num_episodes, reward=args.reward, **form)
    held_out_envs = environments(held_out, len(held_out), **form)
    held_out_ids = [task.id for task in held_out]

    parts = {"policy": policy, "optimizer": optimizer, "critic": critic}
    done, checkpoint = -1, out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        done = state["update"]
        print(f"resumed after update {done}")
    for name in ("metrics.jsonl", "evaluations.jsonl"):  # forget later updates, which are done again
        path = out / name
        path.write_text("".join(json.dumps(line) + "\n" for line in read(path) if line["update"] <= done))
    engine = Engine(args, chat.end)
    engine.push(policy.weights())

    def log(name: str, line: dict[str, Any]) -> None:
        with (out / name).open("a") as file:
            file.write(json.dumps(line) + "\n")
        print({key: value for key, value in line.items() if key != "succeeded"}, flush=True)

    def joined(arrays: Iterable[Any]) -> Tensor:
        return torch.from_numpy(np.concatenate(list(arrays))).float().to(device)

    for update in range(done + 1, args.num_updates + 1):
        if update > 0:  # update 0 is the evaluation of the initial policy
            # Episodes: the tasks and every draw follow from seed and update alone.
            start = time.monotonic()
            rng = np.random.default_rng([args.seed, update])
            drawn = rng.choice(len(tasks), args.num_episodes, replace=len(tasks) < args.num_episodes)
            seed = int(rng.integers(1 << 31))
            episodes = rollout(engine, chat, envs, [tasks[i].id for i in drawn], args, seed, args.temperature)
            batch = [one for one in episodes if one.turns]
            rollout_s = time.monotonic() - start

            # Proof: the trainer's logprobs of the sampled tokens are the engine's.
            with torch.no_grad():
                firsts = range(0, len(batch), args.minibatch_size)
                judged = [policy(batch[i : i + args.minibatch_size], args.temperature) for i in firsts]
            mine, _, states = (torch.cat(part) for part in zip(*judged, strict=True))  # (N,), (N,), (S, D)
            gap = float((mine - joined(one.logprobs for one in batch)).abs().max())
            if gap > args.max_gap:
                raise RuntimeError(f"logprobs differ by {gap:.2g}: the engine has other weights")

            # Credit: GAE over turns, then every token takes the advantage of its turn.
            values = policy.value(states).squeeze(-1).detach().cpu().numpy().astype(float)
            for one in batch:
                now, values = np.split(values, [len(one.turns)])
                advantages, one.returns = gae(one.rewards, now, args.gamma, args.gae_lambda)
                one.advantages = np.repeat(advantages, [end - start for start, end in one.turns])
            every = np.concatenate([one.advantages for one in batch])
            mean_advantage, deviation = every.mean(), every.std() + 1e-8

            # The value head learns the returns of the states as they were.
            returns = joined(one.returns for one in batch)
            for _ in range(args.value_steps):
                value_loss = 0.5 * (policy.value(states).squeeze(-1) - returns).square().mean()
                critic.zero_grad()
                value_loss.backward()
                critic.step()

            # The policy: clipped PPO per token, with a KL term to the initial model.
            sums, steps = dict.fromkeys(("policy_loss", "kl", "entropy", "clipped"), 0.0), 0
            for _ in range(args.update_epochs if update > args.value_warmup else 0):
                order = rng.permutation(len(batch))
                for first in range(0, len(order), args.minibatch_size):
                    chosen = [batch[i] for i in order[first : first + args.minibatch_size]]
                    with torch.no_grad(), policy.lm.disable_adapter() if args.lora else nullcontext():
                        reference = initial(chosen, args.temperature)[0]
                    logprobs, entropies, _ = policy(chosen, args.temperature)
                    ratio = (logprobs - joined(one.logprobs for one in chosen)).exp()
                    advantages = joined((one.advantages - mean_advantage) / deviation for one in chosen)
                    clipped = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
                    policy_loss = -torch.min(ratio * advantages, clipped * advantages).mean()
                    kl = 0.5 * (reference - logprobs).square().mean()  # the gradient is that of the KL
                    entropy = entropies.mean()
                    (policy_loss + args.kl_coef * kl - args.ent_coef * entropy).backward()
                    outside = ((ratio - 1).abs() > args.clip_coef).float().mean()
                    for name, figure in zip(sums, (policy_loss, kl, entropy, outside), strict=True):
                        sums[name] += float(figure.detach())
                    nn.utils.clip_grad_norm_(trained, args.max_grad_norm)
                    optimizer.step()
                    optimizer.zero_grad(set_to_none=True)
                    steps += 1
            engine.push(policy.weights())

            line: dict[str, Any] = {
                "update": update,
                "score": float(np.mean([sum(one.rewards) for one in episodes])),
                "success": float(np.mean([one.success for one in episodes])),
                "turns": float(np.mean([len(one.turns) for one in episodes])),
                "tokens": len(every),
                "cuts": Counter(one.cause for one in episodes if one.cause),
                "gap": gap,
                "value_loss": float(value_loss.detach()),
                **{name: figure / max(1, steps) for name, figure in sums.items()},
                "rollout_s": round(rollout_s, 3),
                "update_s": round(time.monotonic() - start - rollout_s, 3),
            }
            log("metrics.jsonl", line)

        if update % args.eval_every == 0 or update == args.num_updates:
            for how, temperature in (("sampled", args.temperature), ("greedy", 0.0)):
                shown = rollout(engine, chat, held_out_envs, held_out_ids, args, 0, temperature)
                success = mean([float(one.success) for one in shown])
                line = {"update": update, "how": how, **success.as_dict()}
                line["score"] = float(np.mean([sum(one.rewards) for one in shown]))
                line["succeeded"] = [one.task_id for one in shown if one.success]
                log("evaluations.jsonl", line)
            engine.llm.reset_prefix_cache()  # as it will be in a run that resumes here
            new = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**new, "update": update}, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
    engine.llm.engine_core.shutdown()
    policy.causal.save_pretrained(out / "model", state_dict=dict(policy.weights()))
    chat.tokenizer.save_pretrained(out / "model")
    draw(out / "evaluations.jsonl")


if __name__ == "__main__":
    train(*HfArgumentParser(Args, description=__doc__.splitlines()[0]).parse_args_into_dataclasses())
