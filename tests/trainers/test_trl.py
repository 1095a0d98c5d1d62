"""TRL: a real GRPO training step of a tiny model on the CPU, its tokens scripted, learns from the episode's score."""

import inspect
import sys
from pathlib import Path
from typing import Any

import played
import pytest
from breaking import Failing
from tokens import tokenizer

from tool_orch_env.adapters import trl as adapter
from tool_orch_env.adapters.export import rows
from tool_orch_env.adapters.session import SessionFactory

trl = pytest.importorskip("trl")


def tiny_model(size: int) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=size,
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            max_position_embeddings=16384,
        )
    )


class Scripted(trl.GRPOTrainer):
    """The real trainer; instead of sampling, one generation of the group says the oracle, the other the other."""

    def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
        said = []
        for index, ids in enumerate(prompt_ids):
            history = self._tokenizer.decode(ids)
            spoken = history.rpartition("<|im_start|>user")[2]
            begun = {
                name: spoken.find(texts[0]) for name, texts in played.TEXTS.items() if texts[0] in spoken
            }
            script = min(begun, key=begun.__getitem__) if begun else list(played.TEXTS)[index % 2]
            turn = history.count("<tool_response>")
            said.append(f"{played.TEXTS[script][turn]}<|im_end|>")
        ids = [self._tokenizer.encode(text, add_special_tokens=False) for text in said]
        return ids, None


@pytest.mark.filterwarnings("ignore")
def test_a_training_step_learns_from_the_scores_of_the_bare_environment(
    factory: SessionFactory, bare: dict, tmp_path: Path
) -> None:
    from datasets import Dataset

    template = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"
    fast = tokenizer(template.read_text())
    rewarded: list[list[float]] = []
    logged: dict[str, float] = {}

    def reward(**given: Any) -> list[float]:
        assert "log_metric" in given
        note = given.pop("log_metric")

        def both(name: str, value: float) -> None:
            logged[name] = value
            note(name, value)

        scores = adapter.episode_score(log_metric=both, **given)
        rewarded.append(scores)
        return scores

    chosen = [row for row in rows(factory, "trl") if row["task_id"] == played.TASK]
    trainer = Scripted(
        model=tiny_model(len(fast)),
        reward_funcs=reward,
        args=trl.GRPOConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=2,
            num_generations=2,
            max_completion_length=4096,
            max_steps=1,
            learning_rate=1e-3,
            report_to=[],
            use_cpu=True,
            bf16=False,
            save_strategy="no",
            logging_steps=1,
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(chosen),
        processing_class=fast,
        environment_factory=adapter.environments(factory),
    )
    before = [p.detach().clone() for p in trainer.model.parameters()]
    trainer.train()
    scores = rewarded[0]
    assert scores == [bare["oracle"]["score"], bare["partly"]["score"]]
    log = trainer.state.log_history[0]
    assert log["reward"] == pytest.approx(sum(scores) / 2, abs=1e-5)
    assert log["tools/failure_frequency"] == 0
    assert any(not (b == a).all() for b, a in zip(before, trainer.model.parameters(), strict=True))
    assert logged["tool_orch/total"] == bare["partly"]["score"]
    played.saw(
        "TRL GRPOTrainer",
        "trl",
        None,
        scores[1],
        sorted(name.removeprefix("tool_orch/") for name in logged),
        "one reward per rollout; components as logged metrics",
    )


def test_every_tool_of_a_task_is_a_method_with_its_schema(factory: SessionFactory) -> None:
    from transformers.utils import get_json_schema

    for task in factory.task_set.tasks.values():
        environment = adapter.environments(factory)[adapter.toolset(task)]()
        names = [name for name, _ in inspect.getmembers(type(environment), inspect.isfunction)]
        offered = sorted(name for name in names if name != "reset" and not name.startswith("_"))
        assert offered == sorted(task.tools)
        for name in offered:
            said = get_json_schema(getattr(environment, name))["function"]["parameters"]
            schema = factory.task_set.snapshot.catalog[name].spec.parameters
            assert set(said["properties"]) == set(schema["properties"])
            assert set(said.get("required", [])) == set(schema.get("required", []))


def test_an_environment_is_used_again_after_reset(factory: SessionFactory) -> None:
    task = factory.task_set.tasks[played.TASK]
    environment: Any = adapter.environments(factory)[adapter.toolset(task)]()
    for _ in range(2):
        environment.reset(task_id=played.TASK, prompt="", environment="")
        assert '"city_id": 21' in environment.search_city(name="Turku").replace(":", ": ").replace(
            ":  ", ": "
        )
        [score] = adapter.episode_score([[{"role": "assistant", "content": "EUR"}]], [environment])
        assert 0 < score < 1


@pytest.mark.filterwarnings("ignore")
def test_the_example_runs_as_its_header_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from transformers import HfArgumentParser

    from examples import tiny_model, trl_grpo

    head, _, _ = str(trl_grpo.__doc__).partition("prints a reward")
    make, train = head[head.rindex("python examples/tiny_model.py") :].split("\n")[:2]
    monkeypatch.chdir(tmp_path)
    tiny_model.main(*HfArgumentParser(tiny_model.Args).parse_args_into_dataclasses(make.split()[2:]))
    monkeypatch.setattr(sys, "argv", train.split()[1:])
    trl_grpo.main()
    said = capsys.readouterr().out
    assert "step 0 eval_reward 0.000" in said and "eval_reward 0.000 after 2 steps" in said
    assert [f"step {step} reward 0.000" in said for step in (1, 2)] == [True, True]
    assert (tmp_path / "runs" / "trl" / "trainer_state.json").is_file()


@pytest.mark.filterwarnings("ignore")
def test_trl_trains_on_the_others_of_a_group(failing: Failing, tmp_path: Path) -> None:
    """Of two completions one is void: the reward that TRL logs is the other's, and no advantage moves the model."""
    from datasets import Dataset
    from test_trl import Scripted, tiny_model
    from tokens import tokenizer

    from tool_orch_env.adapters import trl as adapter
    from tool_orch_env.adapters.export import rows

    fast = tokenizer((Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text())
    scores: list[list[float | None]] = []

    def reward(environments: Any, **given: Any) -> list[float | None]:
        failing.error = OSError("gone")
        environments[1].reset(played.TASK)
        environments[1]._session.step(played.TEXTS["oracle"][0])
        failing.error = None
        scores.append(adapter.episode_score(environments=environments, **given))
        return scores[-1]

    trainer = Scripted(
        model=tiny_model(len(fast)),
        reward_funcs=reward,
        args=trl.GRPOConfig(
            output_dir=str(tmp_path), per_device_train_batch_size=2, num_generations=2, max_completion_length=4096,
            max_steps=1, learning_rate=1e-3, report_to=[], use_cpu=True, bf16=False, save_strategy="no",
            logging_steps=1, disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list([row for row in rows(failing.factory, "trl") if row["task_id"] == played.TASK]),
        processing_class=fast,
        environment_factory=adapter.environments(failing.factory),
    )  # fmt: skip
    before = [p.detach().clone() for p in trainer.model.parameters()]
    trainer.train()
    assert scores == [[1.0, None]]
    log = trainer.state.log_history[0]
    assert log["reward"] == pytest.approx(1.0) and log["tool_orch/void"] == 0.5
    assert all(
        (b == a).all() for b, a in zip(before, trainer.model.parameters(), strict=True)
    )  # nothing to compare
