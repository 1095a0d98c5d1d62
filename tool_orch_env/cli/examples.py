"""What `--help` shows at the end of every command: lines to type. A test reads each by the parser.

Enters: nothing. Leaves: `EXAMPLES`, lines by the name of a command or action.
"""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "demo": ("tool-orch demo", "tool-orch demo --snapshot elements --split test"),
    "play": (
        "tool-orch play --seed 1",
        "tool-orch play --snapshot demo --task demo-004",
    ),
    "import": (
        "tool-orch import ComplexFuncBench.jsonl --out cfb",
        "tool-orch bench --policy oracle --tasks cfb --out runs/cfb    # then",
    ),
    "record": (
        "tool-orch record spec.yaml --out my_api                          # again: goes on where it stopped",
        "tool-orch synth --snapshot my_api --n 50 --out tasks.jsonl       # then: tasks from what was recorded",
        "tool-orch bench --policy oracle --tasks tasks.jsonl --out runs/a # and a first run on them",
    ),
    "audit": (
        "tool-orch audit travel --split test",
        "tool-orch audit tasks.jsonl --snapshot my_api",
        "tool-orch audit rows.jsonl --json",
    ),
    "bench": (
        "tool-orch bench --policy oracle --out runs/oracle",
        "tool-orch bench --policy openai:MODEL@http://127.0.0.1:8000/v1 --tasks travel:test --limit 20 --out runs/m",
        "tool-orch bench --policy python:mine:policy --tasks tasks.jsonl --out runs/mine    # policy() in mine.py",
        "tool-orch bench compare runs/m runs/oracle",
    ),
    "rescore": (
        "tool-orch bench rescore runs/m",
        "tool-orch bench rescore runs/m --out runs/m-again",
    ),
    "compare": (
        "tool-orch bench compare runs/m runs/oracle",
        "tool-orch bench compare runs/m runs/old --anyway",
    ),
    "report": ("tool-orch report runs/m", "tool-orch report runs/m --out m.html"),
    "serve": (
        "tool-orch serve openenv --split train --port 8000    # for TRL, verifiers, NeMo Gym and other OpenEnv clients",
        "tool-orch serve mcp --split test --seed 3            # one task over stdio, for an agent product",
        "tool-orch serve mcp --transport http --scores s.jsonl # the same at http://127.0.0.1:8000/mcp?episode=NAME",
    ),
    "export": (
        "tool-orch export --format trl --split train --out train.jsonl",
        "tool-orch export --format openai --tasks tasks.jsonl --snapshot my_api --out demonstrations.jsonl",
    ),
    "snapshot": (
        "tool-orch snapshot show travel",
        "tool-orch snapshot verify my_api",
        "tool-orch snapshot diff my_api my_api-2",
    ),
    "show": ("tool-orch snapshot show travel", "tool-orch snapshot show ./my_api"),
    "verify": ("tool-orch snapshot verify travel",),
    "stats": ("tool-orch snapshot stats travel", "tool-orch snapshot stats my_api --log infos.jsonl"),
    "diff": ("tool-orch snapshot diff my_api my_api-2",),
    "merge": ("tool-orch snapshot merge my_api overlay --out my_api-2",),
}
