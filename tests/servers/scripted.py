"""An MCP server over stdio that behaves and misbehaves. It uses no SDK, so that it can write what no SDK would.

`python scripted.py LOG [MODE]` notes every tool call in the file LOG. The name of a tool says how it answers; MODE is
how the server as a whole goes wrong.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOG, MODE = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
NUMBER = {"type": "object", "properties": {"number": {"type": "integer"}}}
PAGE = 100


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def send(number: Any, **body: Any) -> None:
    write(json.dumps({"jsonrpc": "2.0", "id": number, **body}) + "\n")


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}], **more}


def noted(name: str, given: dict[str, Any]) -> int:
    """Note a call, and say how many like it there have been."""
    line = json.dumps([name, given]) + "\n"
    with LOG.open("a", encoding="utf-8") as file:
        file.write(line)
    return LOG.read_text(encoding="utf-8").splitlines(keepends=True).count(line)


def town(number: Any, given: dict[str, Any], times: int) -> None:
    found = {
        "id": given.get("number"),
        "name": f"Town {given.get('number')}",
        "next": given.get("number", 0) + 1,
    }
    time.sleep(float(os.environ.get("DELAY", "0")))
    send(number, result=text("the same as text", structuredContent=found))


def towns(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result=text(json.dumps({"results": [{"number": n} for n in range(40)], "at": time.time()})))


def plain(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result=text("Bergen, 4°C"))


def several(number: Any, given: dict[str, Any], times: int) -> None:
    blocks = [{"type": "text", "text": json.dumps({"n": n})} for n in range(3)]
    send(number, result={"content": blocks})


def embedded(number: Any, given: dict[str, Any], times: int) -> None:
    inner = {"uri": "file:///a.txt", "mimeType": "text/plain", "text": "inside"}
    send(number, result={"content": [{"type": "resource", "resource": inner}]})


def image(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result={"content": [{"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}]})


def fails(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result=text('{"why": "no such town"}', isError=True))


def refuses(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, error={"code": -32602, "message": "number: out of range"})


def breaks_twice(number: Any, given: dict[str, Any], times: int) -> None:
    if times <= 2:
        return send(number, error={"code": -32603, "message": "try later"})
    return town(number, given, times)


def breaks(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, error={"code": -32603, "message": "always broken"})


def dies_once(number: Any, given: dict[str, Any], times: int) -> None:
    if times == 1:
        os._exit(3)
    town(number, given, times)


def dies(number: Any, given: dict[str, Any], times: int) -> None:
    print(f"\x1b[2JTraceback: disk on fire, key {os.environ.get('TOWN_TOKEN')}", file=sys.stderr, flush=True)
    os._exit(3)


def silent(number: Any, given: dict[str, Any], times: int) -> None:
    """Never answers."""


def hangs(number: Any, given: dict[str, Any], times: int) -> None:
    """Never answers anybody again."""
    time.sleep(1000)


def garbage(number: Any, given: dict[str, Any], times: int) -> None:
    write("Listening on port 3000\n{not json\n\x00\xff\n[1, 2]\n\n" + "x" * 100_000 + "\n")
    town(number, given, times)


def only_garbage(number: Any, given: dict[str, Any], times: int) -> None:
    write("Listening on port 3000\n{broken\n")


def wrong_id(number: Any, given: dict[str, Any], times: int) -> None:
    send(987_654, result=text("not yours"))
    send("x", result=text("not yours"))
    town(number, given, times)


def only_wrong_id(number: Any, given: dict[str, Any], times: int) -> None:
    send(987_654, result=text("not yours"))


def huge(number: Any, given: dict[str, Any], times: int) -> None:
    """100 MB, with the id first, last, or nowhere."""
    first = given.get("number") == 1
    head = f'{{"jsonrpc":"2.0","id":{number},"result":' if first else '{"result":'
    tail = "}" if first else f',"jsonrpc":"2.0","id":{number}}}'
    write(head + '{"content":[{"type":"text","text":"')
    for _ in range(100):
        write("x" * 1_000_000)
    write('"}]}' + ("}" if given.get("number") == 3 else tail) + "\n")


def not_a_result(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result={"content": "a text, not a list"})


def deep(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result=text("[" * 90 + "]" * 90))


def noisy(number: Any, given: dict[str, Any], times: int) -> None:
    print("warning " * 100_000, file=sys.stderr, flush=True)
    for done in range(50):
        params = {"progressToken": number, "progress": done, "total": 50}
        write(json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}) + "\n")
        params = {"level": "info", "data": "working"}
        write(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": params}) + "\n")
    town(number, given, times)


def tells(number: Any, given: dict[str, Any], times: int) -> None:
    """Tells its secret in every way, as an answer and as an error."""
    key = os.environ["TOWN_TOKEN"]
    coded = base64.b64encode(key.encode()).decode()
    if given.get("number") == 1:
        return send(number, error={"code": -32603, "message": f"bad key {key}"})
    return send(number, result=text(f"key {key}, {coded}", isError=given.get("number") == 2))


def environment(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result=text(json.dumps({"names": sorted(os.environ), "folder": str(Path.cwd())})))


def asks(number: Any, given: dict[str, Any], times: int) -> None:
    """Asks the client something first; an error comes back, and it answers all the same."""
    send("mine", method="sampling/createMessage", params={"messages": [], "maxTokens": 1})
    town(number, given, times)


_KINDS = [
    town,
    towns,
    plain,
    several,
    embedded,
    image,
    fails,
    refuses,
    breaks_twice,
    breaks,
    dies_once,
    dies,
    silent,
]
_KINDS += [
    hangs,
    garbage,
    only_garbage,
    wrong_id,
    only_wrong_id,
    huge,
    not_a_result,
    deep,
    noisy,
    tells,
    environment,
]
_KINDS += [asks]
ANSWERS: dict[str, Callable[[Any, dict[str, Any], int], None]] = {kind.__name__: kind for kind in _KINDS}


def write_town(number: Any, given: dict[str, Any], times: int) -> None:
    send(number, result=text("written"))


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": f"How {name} it is.", "inputSchema": NUMBER, **more}


def tools() -> list[dict[str, Any]]:
    read = {"annotations": {"readOnlyHint": True}}
    if MODE == "many":
        return [tool(f"tool_{n:04}", **read) for n in range(2000)]
    if MODE == "writing":
        return [tool("write_town"), tool("drop_town", annotations={"readOnlyHint": False})]
    found = [tool(name, **read) for name in ANSWERS]
    found += [tool("write_town"), tool("no/name at all", **read)]
    found += [
        {**tool("bad_schema", **read), "inputSchema": {"type": "object", "properties": {"a": {"type": "x"}}}}
    ]
    if MODE == "telling":
        found += [{**tool("told", **read), "description": f"key {os.environ['TOWN_TOKEN']}"}]
    return found


def listed(number: Any, params: dict[str, Any]) -> None:
    every, start = tools(), int(params.get("cursor") or 0)
    if MODE == "endless":
        return send(number, result={"tools": every[:1], "nextCursor": "1"})
    more = {"nextCursor": str(start + PAGE)} if start + PAGE < len(every) else {}
    return send(number, result={"tools": every[start : start + PAGE], **more})


def answered(message: dict[str, Any]) -> None:
    method, number, params = message.get("method"), message.get("id"), message.get("params") or {}
    if number is None or method is None:
        return  # a notification, or an answer to what it asked
    if method == "initialize":
        about = {"name": "towns", "version": os.environ.get("VERSION", "1.0")}
        send(
            number,
            result={
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": about,
            },
        )
    elif method == "tools/list":
        listed(number, params)
    elif method == "tools/call":
        given = params.get("arguments") or {}
        {**ANSWERS, "write_town": write_town}[params["name"]](number, given, noted(params["name"], given))
    elif MODE == "discovery kills":
        os._exit(1)
    else:
        send(number, error={"code": -32601, "message": f"no method {method}"})


if MODE == "dies at once":
    print("ImportError: no module named towns", file=sys.stderr)
    sys.exit(1)
if MODE == "only noise":
    write("Welcome!\n")
for line in sys.stdin:
    if MODE not in ("mute", "only noise"):
        answered(json.loads(line))
