"""Read every OpenAPI document of a folder, and show how many operations become tools, and what was skipped and why.

    python benchmarks/openapi.py DIR [--cached]

Each document (`.json`, `.yaml` or `.yml`, also with `.gz`) is read in a process of its own: its seconds of wall time
and the growth of its peak memory, in MB, are from the file's bytes to a compiled catalog. With `--cached` it is read
twice, and the second reading is shown. Every schema is checked by jsonschema against the meta-schema of 2020-12.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROBE = """
import json, resource, sys, time
from pathlib import Path
from tool_orch_env.record.openapi import read_document
from tool_orch_env.record.schema import OpenApi
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec
import jsonschema
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
path = Path(sys.argv[1])
found = read_document(path, OpenApi(file=path.name), base_url="https://base.example")
catalog = Catalog([ToolSpec(name=n, parameters=dict(d.parameters)) for n, d in found.tools.items()])
seconds = time.perf_counter() - start
memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
for tool in catalog.values():
    jsonschema.Draft202012Validator.check_schema(tool.spec.parameters)
skipped = [[one.operation, one.why] for one in found.skipped]
print(json.dumps([len(found.tools), skipped, list(found.remarks), seconds, memory]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--cached", action="store_true", help="show the second reading of each document")
    arguments = parser.parse_args()
    table = Table(title="OpenAPI documents")
    for column in ("document", "tools", "operations", "%", "seconds", "MB"):
        table.add_column(column, justify="left" if column == "document" else "right")
    reasons: list[tuple[str, str, str]] = []
    tools, operations = 0, 0
    for path in sorted(arguments.folder.iterdir()):
        if path.name.removesuffix(".gz").endswith((".json", ".yaml", ".yml")):
            made, skipped, remarks, seconds, memory = _read(path, arguments.cached)
            every = made + len(skipped)
            tools, operations = tools + made, operations + every
            row = (made, every, f"{100 * made / every:.1f}", f"{seconds:.2f}", f"{memory:.0f}")
            table.add_row(path.name, *map(str, row))
            reasons += [(path.name, "skipped", f"{operation}: {why}") for operation, why in skipped]
            reasons += [(path.name, "remark", remark) for remark in remarks]
    table.add_section()
    table.add_row("all", str(tools), str(operations), f"{100 * tools / max(1, operations):.1f}", "", "")
    console = Console(width=160)
    console.print(table)
    for document, kind, text in reasons:
        console.print(f"{document}: {kind}: {text}", markup=False, highlight=False)
    console.print(dict(Counter(kind for _, kind, _ in reasons)))


def _read(path: Path, twice: bool) -> tuple[int, list[list[str]], list[str], float, float]:
    """Tools, skipped operations, remarks, seconds and megabytes of one document."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name.removesuffix(".gz")
        data = path.read_bytes()
        plain.write_bytes(gzip.decompress(data) if path.suffix == ".gz" else data)
        environ = {**os.environ, "TOOL_ORCH_CACHE": str(Path(folder) / "cache")}
        command = [sys.executable, "-c", PROBE, str(plain)]
        for _ in range(2 if twice else 1):
            done = subprocess.run(command, capture_output=True, text=True, env=environ, check=True)
        return tuple(json.loads(done.stdout))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
