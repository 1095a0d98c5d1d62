"""Play tasks with the model behind any OpenAI-compatible URL, all episodes at once. Needs the extra [bench-models].

    vllm serve Qwen/Qwen3-4B --enable-auto-tool-choice --tool-call-parser hermes
    OPENAI_API_KEY=none python examples/rollout_openai.py http://127.0.0.1:8000/v1 Qwen/Qwen3-4B episodes.jsonl

Tools go through the API, or into the prompt if the server refuses them. A chat that it refuses later ends its episode
with the rewards so far; any other failure of the server makes the episode void. docs/benchmark.md has an output.
"""

import argparse
import asyncio
import json
from pathlib import Path

import gymnasium as gym
import openai

from tool_orch_env.bench.policies.chat_history import in_prompt, sendable


async def play(client: openai.AsyncOpenAI, model: str, env: gym.Env, number: int) -> dict:
    _, info = env.reset(options={"task_id": env.unwrapped.task_ids[number]})
    chat, tools, rewards, native, failed = info["messages"], info["tools"], [], True, {}
    while "success" not in info and not failed:
        ask = {"messages": sendable(chat), "tools": tools} if native else {"messages": in_prompt(chat, tools)}
        try:
            reply = await client.chat.completions.create(model=model, **ask)
        except openai.BadRequestError as error:  # the first time, of a server that does not parse tool calls
            native, failed = False, {"refused": str(error)} if rewards or not native else {}
            continue
        except openai.OpenAIError as error:
            failed = {"void": str(error)}
            continue
        message = reply.choices[0].message.model_dump(exclude_none=True)
        _, reward, _, _, info = env.step(message)
        for call, known in zip(message.get("tool_calls", ()), info["calls"], strict=False):
            call["id"] = known["id"]  # models repeat theirs
        chat, rewards = [*chat, message, *info["messages"]], [*rewards, reward]
    end = {"success": info.get("success", False), "reward": sum(rewards), "rewards": rewards, **failed}
    return {"task_id": info["task_id"], **end, "messages": chat}


async def main(url: str, model: str, out: str, number: int, **options: str) -> None:
    envs = [gym.make("ToolOrch-v0", **options) for _ in range(number)]
    async with openai.AsyncOpenAI(base_url=url) as client:
        episodes = await asyncio.gather(*[play(client, model, env, i) for i, env in enumerate(envs)])
    Path(out).write_text("".join(json.dumps(one) + "\n" for one in episodes))
    print(*(f"{one['task_id']}  {one['reward']:.3f}  {one['success']}" for one in episodes), sep="\n")
    rated = [one for one in episodes if "void" not in one]
    reward, success = (sum(one[key] for one in rated) / max(1, len(rated)) for key in ("reward", "success"))
    print(f"reward {reward:.3f}, success {success:.3f}, void {len(episodes) - len(rated)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("url", "model", "out", "--snapshot", "--split", "--tasks"):
        parser.add_argument(name)
    parser.add_argument("--number", type=int, default=64, help="play the first so many tasks")
    parser.set_defaults(snapshot="travel", split="test")
    asyncio.run(main(**vars(parser.parse_args())))
