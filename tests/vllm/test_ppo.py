"""PPO with rollouts by a real engine: weights, tokens, resuming, and what happens when something dies."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

import tool_orch_env as toe
from examples.ppo_vllm import demonstrations, train
from examples.ppo_vllm.advantage import gae, group_relative, turn_rewards
from examples.ppo_vllm.chat import Chat, spoken
from examples.ppo_vllm.demonstrations import careless, conversation, environments
from examples.ppo_vllm.engine import Ask, EngineDied, InProcess, Sampled, Server, Setup
from examples.ppo_vllm.evaluate import evaluate
from examples.ppo_vllm.policy import Batch, Policy
from examples.ppo_vllm.rollout import REVIVALS, Episode, Limits, rollout
from tool_orch_env import bench
from tool_orch_env.bench import EpisodeResult
from tool_orch_env.task import Task

pytestmark = pytest.mark.filterwarnings("default")  # vLLM and what it imports warn of themselves
LIMITS = Limits(context=1600, message=48)


@pytest.fixture(scope="module")
def chat(folder: Path) -> Chat:
    return Chat(AutoTokenizer.from_pretrained(folder / "model"))


@pytest.fixture(scope="module")
def policy(folder: Path) -> Policy:
    return Policy(str(folder / "model"))


@pytest.fixture(scope="module")
def engine(folder: Path, policy: Policy, chat: Chat) -> Iterator[InProcess]:
    one = InProcess(Setup(str(folder / "model"), LIMITS.context, chat.end, sequences=32), policy.weights)
    yield one
    one.close()


def arguments(folder: Path, out: Path, *more: str) -> list[str]:
    model, tasks = str(folder / "model"), str(folder / "tasks.jsonl")
    words = ["--model", model, "--tasks", tasks, "--held-out", tasks, "--out", str(out), "--batch", "4"]
    sizes = ["--minibatch", "2", "--context", str(LIMITS.context), "--message", "48", "--epochs", "1"]
    return [
        *words,
        *sizes,
        "--lr",
        "1e-3",
        "--critic-only",
        "0",
        "--save-every",
        "1",
        "--largest-gap",
        "1e-4",
        *more,
    ]


def gap(policy: Policy, said: list[Sampled], asks: list[Ask]) -> float:
    """The largest difference between the logprobs of an engine and those of the trainer."""
    largest = 0.0
    for one, ask in zip(said, asks, strict=True):
        episode = Episode("t", list(ask.prompt))
        episode.say(one)
        with torch.no_grad():
            mine = policy(Batch.of([episode], torch.device("cpu"))).logprobs.numpy()
        largest = max(largest, float(np.abs(mine - np.array(one.logprobs)).max()))
    return largest


def asks(chat: Chat) -> list[Ask]:
    return [Ask(chat.opening(f"Question {n}"), 16, seed=n) for n in range(4)]


def shake(policy: Policy) -> None:
    """An update that no logprob survives, the head included."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in policy.lm.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)


def test_the_engine_has_the_trainers_logprobs_before_and_after_a_push(
    policy: Policy, engine: InProcess, chat: Chat
) -> None:
    assert gap(policy, engine.generate(asks(chat)), asks(chat)) < 1e-4
    shake(policy)
    assert gap(policy, engine.generate(asks(chat)), asks(chat)) > 1e-2
    engine.push()
    assert gap(policy, engine.generate(asks(chat)), asks(chat)) < 1e-4


def test_the_same_seed_samples_the_same_whatever_else_is_in_the_batch(engine: InProcess, chat: Chat) -> None:
    together, alone = engine.generate(asks(chat)), engine.generate(asks(chat)[2:3])
    assert together[2].ids == alone[0].ids


class Scripted:
    """An engine that says what it is told to, by task and turn, and remembers it. `None` is an engine that dies."""

    def __init__(self, chat: Chat, scripts: dict[tuple[int, ...], list[str | None]]) -> None:
        self._chat, self._scripts = chat, scripts
        self.said: dict[tuple[int, ...], list[list[int]]] = {opening: [] for opening in scripts}
        self.revived = 0

    def generate(self, asks: Sequence[Ask]) -> list[Sampled]:
        return [self._one(ask) for ask in asks]

    def _one(self, ask: Ask) -> Sampled:
        opening = next(one for one in self._scripts if tuple(ask.prompt[: len(one)]) == one)
        turn = len(self.said[opening])
        text = self._scripts[opening][min(turn, len(self._scripts[opening]) - 1)]
        if text is None:
            raise EngineDied("told to")
        ids = self._chat.message(text)
        cut = ids[: ask.max_tokens]
        self.said[opening].append(cut)
        return Sampled(cut, [-0.5 - 0.01 * n for n in range(len(cut))], len(cut) == len(ids))

    def push(self) -> None: ...
    def rest(self) -> None: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...

    def revive(self) -> None:
        self.revived += 1


def scripted(
    chat: Chat, tasks: Sequence[Task], scripts: Sequence[list[str | None]], limits: Limits, **options: Any
) -> tuple[list[Episode], Scripted]:
    """The episodes of an engine that says these messages."""
    envs = environments(tasks, len(tasks), **options)
    openings = [
        tuple(chat.opening(env.reset(options={"task_id": task.id})[0]))
        for env, task in zip(envs, tasks, strict=True)
    ]
    engine = Scripted(chat, dict(zip(openings, scripts, strict=True)))
    return rollout(envs, engine, chat, tasks, limits), engine


def golden(task: Task) -> list[str | None]:
    return [spoken(turn) for turn in toe.oracle_turns(task)]


def spoiled(task: Task, rng: np.random.Generator) -> list[str | None]:
    """A golden trace with a message left out, cut short, doubled or replaced: what a policy may well say."""
    trace = golden(task)
    at = int(rng.integers(len(trace)))
    said = str(trace[at])
    changed = [[], [said[: len(said) // 2]], [said, said], ["<tool_call>{}</tool_call>"], [said]]
    return [*trace[:at], *changed[int(rng.integers(5))], *trace[at + 1 :], "That is all."]


def test_in_200_episodes_every_trained_token_was_sampled_and_rewards_add_up(
    chat: Chat, policy: Policy
) -> None:
    rng, several = np.random.default_rng(0), 0
    tasks, snapshot = toe.load_tasks("travel", "train")[:25], toe.Snapshot.open("travel")
    for _ in range(8):
        scripts = [spoiled(task, rng) for task in tasks]
        episodes, engine = scripted(chat, tasks, scripts, Limits(4096, 200))
        for episode, said in zip(episodes, engine.said.values(), strict=True):
            several += len(episode.turns) > 1
            trained = [
                token for token, is_sampled in zip(episode.ids, episode.sampled, strict=True) if is_sampled
            ]
            assert trained == [token for ids in said for token in ids]
            assert [episode.ids[start:end] for start, end in episode.turns] == said
            paid = {index for index, reward in enumerate(episode.rewards) if reward}
            assert paid <= {end - 1 for _, end in episode.turns}
            assert sum(episode.rewards) == pytest.approx(episode.score, abs=1e-12)
            judged = _scored(tasks, snapshot, episode)
            assert episode.score == pytest.approx(judged.score, abs=1e-9)
            assert episode.success is judged.success
            assert [logprob for logprob in episode.logprobs if logprob] == [
                -0.5 - 0.01 * n for ids in said for n in range(len(ids))
            ]
    assert several > 150


def _scored(tasks: Sequence[Task], snapshot: toe.Snapshot, episode: Episode) -> EpisodeResult:
    """What the benchmark says of the same messages."""
    task, said = next(one for one in tasks if one.id == episode.task_id), iter(episode.actions)
    [result] = bench.run([task], lambda messages, tools: next(said), snapshot=snapshot)
    return result


def test_the_loss_sees_sampled_tokens_only(chat: Chat, policy: Policy, tasks: list[Task]) -> None:
    """Logprobs side by side in a padded batch are those of each episode alone, at the sampled places alone."""
    episodes, _ = scripted(chat, tasks, [golden(task) for task in tasks], Limits(4096, 200))
    with torch.no_grad():
        judged = policy(Batch.of(episodes, torch.device("cpu")))
        expected, values = [], []
        for episode in episodes:
            ids = torch.tensor([episode.ids])
            logs = policy.lm(input_ids=ids).logits[0].log_softmax(-1)
            expected += [
                float(logs[t - 1, episode.ids[t]]) for t in range(ids.shape[1]) if episode.sampled[t]
            ]
            hidden = policy.lm.model(input_ids=ids).last_hidden_state[0]
            values += [float(policy.value(hidden[start - 1])) for start, _ in episode.turns]
    assert judged.logprobs.tolist() == pytest.approx(expected, abs=1e-4)
    assert judged.values.tolist() == pytest.approx(values, abs=1e-4)
    assert len(judged.logprobs) == sum(sum(episode.sampled) for episode in episodes)


def test_one_call_per_turn_is_golden_too_and_a_careless_trace_gives_up_before_the_last(
    tasks: list[Task],
) -> None:
    snapshot, rng = toe.Snapshot.open("travel"), np.random.default_rng(0)
    [env] = environments(tasks, 1)
    for task in tasks:
        turns = demonstrations.golden(task, one_by_one=True)
        calls = [turn.calls for turn in turns[:-1]]
        assert [len(some) for some in calls] == [1] * len(task.golden)
        said = iter(conversation(env, task, turns)[1::2])
        [result] = bench.run([task], lambda messages, tools, said=said: next(said), snapshot=snapshot)
        assert result.score == 1.0
        given_up = [careless(turns, rng) for _ in range(20)]
        assert {len(trace) - 1 for trace in given_up} == set(range(len(calls)))
        for trace in given_up:
            assert trace == [*turns[: len(trace) - 1], turns[-1]]


def test_advantages_without_values_and_with_lambda_one_are_the_rewards_to_come(
    chat: Chat, tasks: list[Task]
) -> None:
    episodes, _ = scripted(chat, tasks, [golden(task) for task in tasks], Limits(4096, 200))
    turns = sum(len(episode.turns) for episode in episodes)
    advantages, returns = gae(episodes, np.zeros(turns), gamma=1.0, lam=1.0)
    to_come = np.concatenate([turn_rewards(one)[::-1].cumsum()[::-1] for one in episodes])
    assert advantages == pytest.approx(to_come) and returns == pytest.approx(to_come)
    perfect, _ = gae(episodes, to_come, gamma=1.0, lam=0.9)
    assert perfect == pytest.approx(np.zeros(turns))


def test_a_group_is_compared_with_itself(chat: Chat, tasks: list[Task]) -> None:
    good, _ = scripted(chat, tasks[:2], [golden(tasks[0]), golden(tasks[1])], Limits(4096, 200))
    bad, _ = scripted(chat, tasks[:1], [["No."]], Limits(4096, 200))
    advantages, returns = group_relative([*good, *bad])
    first, second = (len(episode.turns) for episode in good)
    assert advantages[:first] == pytest.approx(1.0, abs=1e-4)
    assert advantages[first : first + second] == pytest.approx(0.0)
    assert advantages[-1] == pytest.approx(-1.0, abs=1e-4)
    assert returns[0] == 1.0


def test_what_cannot_go_on_is_cut_and_says_why(chat: Chat, tasks: list[Task]) -> None:
    opening = len(chat.opening(environments(tasks, 1)[0].reset(options={"task_id": tasks[0].id})[0]))
    call = golden(tasks[0])[0]
    room = len(chat.message(call)) + 5
    for limits, script, causes in (
        (Limits(opening, 50), [call], ["context"]),  # no room for a message
        (Limits(opening + 5, 50), [call], ["context"]),  # a message that the context cuts
        (Limits(opening + room, 200), [call], ["context"]),  # a reply that leaves no room
        (Limits(4096, 6), [call], ["unended"]),  # a message that does not end
        (Limits(4096, 200), ["<tool_call>"], ["turns"]),  # a policy that never stops calling
    ):
        [episode], engine = scripted(chat, tasks[:1], [script], limits, max_turns=4)
        assert [episode.cause] == causes and episode.over
        assert sum(episode.rewards) == pytest.approx(episode.score)
        assert len(episode.ids) == len(episode.sampled) == len(episode.logprobs) == len(episode.rewards)
        assert [ids for ids, was in zip(episode.ids, episode.sampled, strict=True) if was] == [
            token for ids in engine.said[next(iter(engine.said))] for token in ids
        ]


def test_an_engine_that_keeps_dying_costs_the_episodes_and_not_the_run(chat: Chat, tasks: list[Task]) -> None:
    scripts = [[*golden(tasks[0])[:1], None], golden(tasks[1])]
    episodes, engine = scripted(chat, tasks[:2], scripts, Limits(4096, 200))
    assert engine.revived == REVIVALS
    assert episodes[0].cause == "engine: told to" and episodes[0].score > 0
    assert sum(episodes[0].rewards) == pytest.approx(episodes[0].score)


class Mortal(Server):
    """A server that is killed from outside, once, when it is about to be asked."""

    killed = False

    def generate(self, asks: Sequence[Ask]) -> list[Sampled]:
        if not self.killed:
            self.killed = True
            assert self.process is not None
            os.killpg(self.process.pid, signal.SIGKILL)
        return super().generate(asks)


def test_over_http_a_killed_engine_is_replaced_and_holds_the_weights(
    folder: Path, policy: Policy, chat: Chat, tasks: list[Task]
) -> None:
    shake(policy)
    server = Mortal(Setup(str(folder / "model"), LIMITS.context, chat.end, sequences=8), policy.weights)
    try:
        episodes = rollout(environments(tasks, 2), server, chat, tasks[:2], LIMITS)
        assert server.killed and all(episode.turns for episode in episodes)
        assert gap(policy, server.generate(asks(chat)), asks(chat)) < 1e-4
    finally:
        server.close()


def test_an_engine_in_this_process_that_fails_is_replaced(
    engine: InProcess, policy: Policy, chat: Chat, tasks: list[Task]
) -> None:
    too_long = [Ask([5] * (LIMITS.context + 1), 1, seed=0)]
    with pytest.raises(EngineDied):
        engine.generate(too_long)
    engine.revive()
    assert gap(policy, engine.generate(asks(chat)), asks(chat)) < 1e-4


def test_an_evaluation_agrees_with_the_benchmark(engine: InProcess, chat: Chat, tasks: list[Task]) -> None:
    snapshot = toe.Snapshot.open("travel")
    episodes = evaluate(environments(tasks, 3), engine, chat, tasks, LIMITS)
    assert [one.task_id for one in episodes] == [task.id for task in tasks]
    for episode in episodes:
        judged = _scored(tasks, snapshot, episode)
        assert episode.over and episode.success is judged.success
        assert episode.score == pytest.approx(judged.score, abs=1e-9)


def state(out: Path) -> dict[str, Any]:
    return torch.load(out / "checkpoint.pt", weights_only=True)


ADAPTERS = ("--lora", "4", "--checkpointing", "--entropy", "0.01")
GROUPS = (
    "--advantage",
    "group",
    "--group",
    "2",
    "--critic-only",
    "2",
)  # no critic, so that nothing waits for it


ENTROPY = ("--entropy", "0.01")  # a small model may earn nothing, and then only this moves it


@pytest.mark.parametrize("more", [ENTROPY, (*ADAPTERS, *GROUPS)])
def test_a_resumed_run_makes_the_next_update_that_would_have_come(
    folder: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train.train(train.arguments(arguments(folder, whole, "--updates", "2", *more)))
    train.train(train.arguments(arguments(folder, parts, "--updates", "1", *more)))
    train.train(train.arguments(arguments(folder, parts, "--updates", "2", *more)))
    one, other = state(whole), state(parts)
    assert one["update"] == other["update"] == 2
    assert one["optimizer"]["param_groups"][0]["lr"] > 0
    for name, tensor in one["policy"].items():
        torch.testing.assert_close(other["policy"][name], tensor, atol=1e-6, rtol=1e-5)
    told = [json.loads(line) for line in (parts / "metrics.jsonl").read_text().splitlines()]
    assert [line["update"] for line in told] == [1, 2]
    assert all(line["logprob_gap"] < 1e-4 for line in told)
    assert (parts / "curve.png").stat().st_size > 0 and (parts / "model" / "config.json").exists()
    before = torch.nn.utils.parameters_to_vector(Policy(str(folder / "model")).lm.parameters())
    after = torch.nn.utils.parameters_to_vector(Policy(str(parts / "model")).lm.parameters())
    assert (before - after).abs().max() > 1e-5


def test_a_run_whose_engine_holds_other_weights_stops(folder: Path, tmp_path: Path) -> None:
    trainer = train.Trainer(train.arguments(arguments(folder, tmp_path / "run")))
    try:
        episodes = trainer.collect()
        shake(trainer.policy)
        with pytest.raises(RuntimeError, match="the engine has other weights"):
            trainer.learn(episodes)
    finally:
        trainer.close()
