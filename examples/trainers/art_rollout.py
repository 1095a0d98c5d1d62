"""OpenPipe ART: a rollout function, and the trajectory groups for `model.train`. Needs the extra [art].

    python -m examples.trainers.art_rollout --model MODEL --url http://127.0.0.1:8000/v1 --tasks 2

ART learns from one scalar per trajectory, the episode's score; components are passed as metrics. The API's `Choice`
objects are kept unchanged, because ART trains on their log probabilities. This script only queries the model. To train,
make it an `art.TrainableModel`, register it with a backend, and call `await model.train(groups)`.
"""

import argparse
import asyncio

import art

from tool_orch_env.adapters.session import NATIVE_PROMPT, SessionFactory


async def rollout(model: art.Model, factory: SessionFactory, task_id: str) -> art.Trajectory:
    """Play one episode of a task."""
    session = factory().reset(task_id)
    trajectory = art.Trajectory(messages_and_choices=session.messages(NATIVE_PROMPT), tools=session.tools)
    while not session.done:
        completion = await model.openai_client().chat.completions.create(
            model=model.get_inference_name(),
            messages=trajectory.messages(),
            tools=session.tools,
            logprobs=True,
        )
        choice = completion.choices[0]
        trajectory.messages_and_choices.append(choice)
        step = session.step(choice.message.model_dump(exclude_none=True))
        trajectory.messages_and_choices += step.messages
    session.check()  # a void episode raises: ART keeps it among the group's exceptions and does not train on it
    trajectory.reward = session.episode_score
    trajectory.metrics = session.components()
    trajectory.metadata = {"task_id": task_id}
    return trajectory.finish()


async def groups(
    model: art.Model, factory: SessionFactory, tasks: int, size: int
) -> list[art.TrajectoryGroup]:
    """`size` rollouts of each of the first tasks."""
    return await art.gather_trajectory_groups(
        (
            art.TrajectoryGroup(rollout(model, factory, task_id) for _ in range(size))
            for task_id in factory.task_ids[:tasks]
        ),
        max_exceptions=0.1,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True)
    parser.add_argument("--url", required=True, help="an OpenAI-compatible API, …/v1")
    parser.add_argument("--key", default="none")
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument("--split", default="train")
    parser.add_argument("--tasks", type=int, default=1)
    parser.add_argument("--size", type=int, default=2, help="rollouts per task")
    given = parser.parse_args()
    model = art.Model(
        name=given.model,
        project="tool_orch_env",
        inference_base_url=given.url,
        inference_api_key=given.key,
        config=None,
    )
    factory = SessionFactory(snapshot=given.snapshot, split=given.split)
    for group in asyncio.run(groups(model, factory, given.tasks, given.size)):
        print([round(trajectory.reward, 3) for trajectory in group.trajectories])


if __name__ == "__main__":
    main()
