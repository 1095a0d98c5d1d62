"""PPO with rollouts by a real engine: weights, tokens, credit, what is cut, and resuming."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

import tool_orch_env as toe
from examples import ppo_vllm, sft
from examples.ppo_vllm import Args, Chat, Engine, Episode, Policy, environments, gae, rollout
from tool_orch_env import bench
from tool_orch_env.bench import EpisodeResult
from tool_orch_env.task import Task

pytestmark = pytest.mark.filterwarnings("default")  # vLLM and what it imports warn of themselves


def arguments(folder: Path, out: Path = Path(), **more: Any) -> Args:
    tasks = str(folder / "tasks.jsonl")
    sizes = {"num_episodes": 4, "minibatch_size": 2, "max_model_len": 1600, "max_tokens": 48, "max_turns": 12}
    learning = {"learning_rate": 1e-3, "value_warmup": 0, "ent_coef": 0.01, "eval_every": 1, "max_gap": 1e-4}
    given = {"model": str(folder / "model"), "out": str(out), "tasks": tasks, "held_out": tasks}
    return Args(**{**given, **sizes, **learning, **more})


@pytest.fixture(scope="module")
def chat(folder: Path) -> Chat:
    return Chat(AutoTokenizer.from_pretrained(folder / "model"))


@pytest.fixture(scope="module")
def policy(folder: Path) -> Policy:
    return Policy(arguments(folder))


@pytest.fixture(scope="module")
def engine(folder: Path, chat: Chat) -> Iterator[Engine]:
    one = Engine(arguments(folder, num_episodes=32), chat.end)
    yield one
    one.llm.engine_core.shutdown()


def sampled(engine: Engine, chat: Chat, numbers: Sequence[int] = range(4)) -> dict[int, Episode]:
    """One message for each of some questions."""
    episodes = {n: Episode(str(n), chat.opening(f"Question {n}")) for n in numbers}
    for n, episode in episodes.items():
        engine.ask(n, episode.ids.copy(), max_tokens=16, seed=n, temperature=1.0)
    for n, ids, logprobs in engine.replies():
        episodes[n].turns.append((len(episodes[n].ids), len(episodes[n].ids) + len(ids)))
        episodes[n].ids += ids
        episodes[n].logprobs += logprobs
    return episodes


def gap(policy: Policy, engine: Engine, chat: Chat) -> float:
    """The largest difference between the logprobs of an engine and those of the trainer."""
    episodes = list(sampled(engine, chat).values())
    with torch.no_grad():
        mine = policy(episodes, 1.0)[0].numpy()
    return float(np.abs(mine - np.concatenate([one.logprobs for one in episodes])).max())


def shake(policy: Policy) -> None:
    """An update that no logprob survives, the head included."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in policy.lm.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)


def test_the_engine_has_the_trainers_logprobs_before_and_after_a_push(
    policy: Policy, engine: Engine, chat: Chat
) -> None:
    assert gap(policy, engine, chat) < 1e-4
    shake(policy)
    assert gap(policy, engine, chat) > 1e-2
    engine.push(policy.weights())
    assert gap(policy, engine, chat) < 1e-4


def test_the_same_seed_samples_the_same_whatever_else_is_generated(engine: Engine, chat: Chat) -> None:
    assert sampled(engine, chat)[2].ids == sampled(engine, chat, [2])[2].ids


def test_a_long_message_holds_up_no_other_episode(engine: Engine, chat: Chat) -> None:
    """While one message of 60 tokens is generated, another episode gets ten messages of 4, one after the other."""

    def ask(key: int, length: int) -> None:
        lengths = {"max_tokens": length, "min_tokens": length}
        engine.ask(key, chat.opening("Well?"), **lengths, seed=0, temperature=1.0)

    ask(0, 60)
    ask(1, 4)
    order = []
    for key, ids, _ in engine.replies():
        order.append(key)
        assert len(ids) == (4 if key else 60)
        if key and len(order) < 10:
            ask(1, 4)
    assert order == [1] * 10 + [0]


class Scripted:
    """An engine with scripted replies, by episode and turn, and answers the last request first."""

    def __init__(self, chat: Chat, scripts: Sequence[Sequence[str]]) -> None:
        self._chat, self._scripts = chat, scripts
        self._asked: list[tuple[int, int]] = []
        self.said: list[list[list[int]]] = [[] for _ in scripts]

    def ask(self, key: int, prompt: list[int], max_tokens: int, seed: int, temperature: float) -> None:
        self._asked.append((key, max_tokens))

    def replies(self) -> Iterator[tuple[int, list[int], list[float]]]:
        while self._asked:
            key, room = self._asked.pop()
            turn = min(len(self.said[key]), len(self._scripts[key]) - 1)
            ids = [*self._chat.encode(self._scripts[key][turn]), self._chat.end][:room]
            self.said[key].append(ids)
            yield key, ids, [-0.5 - 0.01 * n for n in range(len(ids))]


def scripted(
    chat: Chat, tasks: Sequence[Task], scripts: Sequence[Sequence[str]], **sizes: int
) -> tuple[list[Episode], Scripted]:
    """The episodes of an engine that says these messages."""
    args = Args("", "", **{"max_model_len": 4096, "max_tokens": 200, "max_turns": 20, **sizes})
    envs = environments(tasks, len(tasks), max_turns=args.max_turns)
    engine: Any = Scripted(chat, scripts)
    return rollout(engine, chat, envs, [task.id for task in tasks], args, 0, 1.0), engine


def golden(task: Task) -> list[str]:
    return [sft.message_text(turn) for turn in toe.oracle_turns(task)]


def spoiled(task: Task, rng: np.random.Generator) -> list[str]:
    """A golden trace with a message left out, cut short, doubled or replaced: what a policy may well say."""
    trace = golden(task)
    at = int(rng.integers(len(trace)))
    changed = [
        [],
        [trace[at][: len(trace[at]) // 2]],
        [trace[at]] * 2,
        ["<tool_call>{}</tool_call>"],
        [trace[at]],
    ]
    return [*trace[:at], *changed[int(rng.integers(5))], *trace[at + 1 :], "That is all."]


def scored(tasks: Sequence[Task], snapshot: toe.Snapshot, episode: Episode) -> EpisodeResult:
    """What the benchmark says of the same messages."""
    task, said = next(one for one in tasks if one.id == episode.task_id), iter(episode.messages)
    [result] = bench.run([task], lambda messages, tools: next(said), snapshot=snapshot)
    return result


def test_in_100_episodes_every_trained_token_was_sampled_and_rewards_add_up(chat: Chat) -> None:
    rng, several = np.random.default_rng(0), 0
    tasks, snapshot = toe.load_tasks("travel", "train")[:25], toe.Snapshot.open("travel")
    for _ in range(4):
        episodes, engine = scripted(chat, tasks, [spoiled(task, rng) for task in tasks])
        for episode, said in zip(episodes, engine.said, strict=True):
            several += len(episode.turns) > 1
            assert [episode.ids[start:end] for start, end in episode.turns] == said
            assert episode.logprobs == [-0.5 - 0.01 * n for ids in said for n in range(len(ids))]
            assert len(episode.rewards) == len(episode.turns)
            judged = scored(tasks, snapshot, episode)
            assert sum(episode.rewards) == pytest.approx(judged.score, abs=1e-9)
            assert episode.success is judged.success
    assert several > 75


def test_the_loss_sees_sampled_tokens_only(chat: Chat, policy: Policy, tasks: list[Task]) -> None:
    """Logprobs of a padded batch are those of each episode alone, at the sampled places alone."""
    episodes, _ = scripted(chat, tasks, [golden(task) for task in tasks])
    with torch.no_grad():
        logprobs, _, states = policy(episodes, 1.0)
        expected, hidden = [], []
        for episode in episodes:
            ids = torch.tensor([episode.ids])
            logs = policy.lm(input_ids=ids).logits[0].log_softmax(-1)
            expected += [
                float(logs[t - 1, episode.ids[t]]) for start, end in episode.turns for t in range(start, end)
            ]
            last = policy.lm.model(input_ids=ids).last_hidden_state[0]
            hidden += [last[start - 1] for start, _ in episode.turns]
    assert logprobs.tolist() == pytest.approx(expected, abs=1e-4)
    torch.testing.assert_close(states, torch.stack(hidden), atol=1e-4, rtol=1e-4)


def test_one_call_per_turn_is_golden_too_and_a_careless_trace_gives_up_before_the_last(
    tasks: list[Task],
) -> None:
    snapshot, rng = toe.Snapshot.open("travel"), np.random.default_rng(0)
    [env] = environments(tasks, 1)
    for task in tasks:
        turns = sft.golden(task, one_by_one=True)
        calls = [turn.calls for turn in turns[:-1]]
        assert [len(some) for some in calls] == [1] * len(task.golden)
        said = iter(sft.conversation(env, task, turns)[1::2])
        [result] = bench.run([task], lambda messages, tools, said=said: next(said), snapshot=snapshot)
        assert result.score == 1.0
        given_up = [sft.careless(turns, rng) for _ in range(20)]
        assert {len(trace) - 1 for trace in given_up} == set(range(len(calls)))
        for trace in given_up:
            assert trace == [*turns[: len(trace) - 1], turns[-1]]


def test_advantages_without_values_and_with_lambda_one_are_the_rewards_to_come() -> None:
    rewards = np.array([0.25, 0.0, -0.1, 0.5])
    to_come = rewards[::-1].cumsum()[::-1]
    advantages, returns = gae(rewards, np.zeros(4), 1.0, 1.0)
    assert advantages == pytest.approx(to_come) and returns == pytest.approx(to_come)
    assert gae(rewards, to_come, 1.0, 0.9)[0] == pytest.approx(np.zeros(4))
    assert gae(rewards, np.zeros(4), 0.5, 0.0)[0] == pytest.approx(rewards)


def test_what_cannot_go_on_is_cut_and_says_why(chat: Chat, tasks: list[Task]) -> None:
    [env] = environments(tasks, 1)
    opening = len(chat.opening(env.reset(options={"task_id": tasks[0].id})[0]))
    call = golden(tasks[0])[0]
    length = len(chat.encode(call)) + 1
    for sizes, script, cause in (
        ({"max_model_len": opening}, call, "context"),  # no room for a message
        ({"max_model_len": opening + 5}, call, "context"),  # a message that the context cuts
        ({"max_model_len": opening + length + 5}, call, "context"),  # a reply that leaves no room
        ({"max_tokens": 6}, call, "unended"),  # a message that does not end
        ({"max_turns": 4}, "<tool_call>", "turns"),  # a policy that never stops calling
    ):
        [episode], engine = scripted(chat, tasks[:1], [[script]], **sizes)
        assert episode.cause == cause and not episode.success
        assert [episode.ids[start:end] for start, end in episode.turns] == engine.said[0]
        assert len(episode.rewards) == len(episode.turns)


def test_an_evaluation_agrees_with_the_benchmark_and_repeats(
    folder: Path, engine: Engine, chat: Chat, tasks: list[Task]
) -> None:
    args, snapshot, names = arguments(folder), toe.Snapshot.open("travel"), [task.id for task in tasks]
    engine.push(Policy(args).weights())
    once, again = (rollout(engine, chat, environments(tasks, 8), names, args, 7, 1.0) for _ in range(2))
    assert [one.ids for one in once] == [one.ids for one in again]
    assert [one.task_id for one in once] == names
    for episode in once:
        if episode.cause is None:
            judged = scored(tasks, snapshot, episode)
            assert episode.success is judged.success
            assert sum(episode.rewards) == pytest.approx(judged.score, abs=1e-9)


@pytest.mark.parametrize("more", [{}, {"lora": 4}])
def test_a_resumed_run_makes_the_next_update_that_would_have_come(
    folder: Path, tmp_path: Path, more: dict[str, Any]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    ppo_vllm.train(arguments(folder, whole, num_updates=2, **more))
    ppo_vllm.train(arguments(folder, parts, num_updates=1, **more))
    with (parts / "metrics.jsonl").open("a") as file:  # an update that was killed before its checkpoint
        file.write('{"update": 2}\n')
    ppo_vllm.train(arguments(folder, parts, num_updates=2, **more))
    one, other = (torch.load(out / "checkpoint.pt", weights_only=True) for out in (whole, parts))
    assert one["update"] == other["update"] == 2
    for name, tensor in one["policy"].items():
        torch.testing.assert_close(other["policy"][name], tensor, atol=1e-6, rtol=1e-5)
    assert ppo_vllm.read(whole / "evaluations.jsonl") == ppo_vllm.read(parts / "evaluations.jsonl")
    lines = [json.loads(line) for line in (parts / "metrics.jsonl").read_text().splitlines()]
    assert [line["update"] for line in lines] == [1, 2]
    assert all(line["gap"] < 1e-4 for line in lines)
    assert (parts / "curve.png").stat().st_size > 0
    before, after = (
        torch.nn.utils.parameters_to_vector(Policy(Args(model=str(model), out="")).lm.parameters())
        for model in (folder / "model", parts / "model")
    )
    assert (before - after).abs().max() > 1e-5


def test_a_run_whose_engine_holds_other_weights_stops(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "push", lambda engine, weights: None)
    with pytest.raises(RuntimeError, match="the engine has other weights"):
        ppo_vllm.train(arguments(folder, tmp_path / "run", learning_rate=0.05, num_updates=2))
