"""MCP: the official client plays the golden trace of a task over stdio. Needs the extra [mcp].

    python -m examples.trainers.mcp_client --split test

To let an agent product play, configure this command as its server: `tool-orch serve mcp --task ID --scores
scores.jsonl`.
"""

import argparse
import asyncio
import sys

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tool_orch_env import load_tasks
from tool_orch_env.adapters.session import ANSWER_TOOL
from tool_orch_env.answers.oracle import oracle_answer


async def play(snapshot: str, split: str) -> str:
    task = load_tasks(snapshot, split)[0]
    serve = ["-m", "tool_orch_env.cli", "serve", "mcp", "--task", task.id]
    server = StdioServerParameters(
        command=sys.executable, args=[*serve, "--snapshot", snapshot, "--split", split]
    )
    async with Client(stdio_client(server)) as client:
        print([tool.name for tool in (await client.list_tools()).tools])
        for call in task.golden:
            result = await client.call_tool(call.tool, call.arguments)
            print(call.tool, result.content[0].text[:80])
        result = await client.call_tool(ANSWER_TOOL, {"answer": oracle_answer(task)})
        return result.content[0].text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--snapshot", default="travel")
    parser.add_argument("--split", default="test")
    given = parser.parse_args()
    print(asyncio.run(play(given.snapshot, given.split)))


if __name__ == "__main__":
    main()
