"""Count, independently of the package, golden arguments without a source in the published orchestration traces.

    python benchmarks/provenance.py train_60.jsonl

Reads the raw file with only the standard library, shares no code with `tool-orch audit`, and compares its count with
the audit's at the end. A scalar in an argument counts as supplied if the query states it (number, word-bounded text, or
a date in a usual format), or if an earlier step's response contains exactly that value.
"""

import datetime
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
FORMS = ("%Y-%m-%d", "%d %B %Y", "%B %d %Y", "%B %d, %Y", "%d %b %Y", "%b %d %Y", "%b %d, %Y")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}/{number}")
    else:
        yield path, value


def stated(query: str, value: Any) -> bool:
    text = re.sub(r"\s+", " ", query.casefold().replace(" ", " ").replace(" ", " "))
    if isinstance(value, bool):
        return re.search(r"\b(yes|true)\b" if value else r"\b(no|false)\b", text) is not None
    if isinstance(value, (int, float)):
        figures = {float(found.replace(",", "")) for found in re.findall(r"-?\d+(?:,\d{3})*(?:\.\d+)?", text)}
        word = WORDS[int(value)] if value in range(13) else None
        return float(value) in figures or (word is not None and re.search(rf"\b{word}\b", text) is not None)
    forms = [str(value)]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
        day = datetime.date.fromisoformat(str(value))
        ordinal = "th" if 10 <= day.day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        written = [day.strftime(form) for form in FORMS]
        written += [
            form.replace(f"{day.day:02d}", str(day.day), 1) for form in written if not form[:4].isdecimal()
        ]
        forms += written + [
            re.sub(rf"\b{day.day}\b", f"{day.day}{ordinal}", form, count=1) for form in written
        ]
    return any(re.search(rf"(?<!\w){re.escape(form.casefold())}(?!\w)", text) for form in forms if form)


def missing(row: dict[str, Any]) -> Iterator[tuple[int, str, Any]]:
    seen: set[str] = set()
    for number, step in enumerate(row["steps"]):
        for name, given in step["ground_truth"]["arguments"].items():
            if stated(row["query"], given) if not isinstance(given, (dict, list)) else False:
                continue
            for path, value in leaves(given, f"/{name}"):
                if not stated(row["query"], value) and json.dumps(value) not in seen:
                    yield number, path, value
        seen |= {json.dumps(value) for _, value in leaves(step["execution_result"].get("execution_result"))}


def main(path: str) -> None:
    with open(path) as file:  # noqa: PTH123  # the standard library alone, at its plainest
        rows = [json.loads(line) for line in file]
    found = [(row["row"], *one) for row in rows for one in missing(row)]
    dates = [one for one in found if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", str(one[3]))]
    print(
        f"independent count: {len(found)} arguments in {len({one[0] for one in found})} of {len(rows)} tasks"
    )
    print(f"  dates among them: {len(dates)}")
    print("  by name:", dict(Counter(one[2].split("/")[1] for one in found).most_common(12)))
    run = subprocess.run(
        [sys.executable, "-m", "tool_orch_env.cli", "audit", path, "--json"],
        capture_output=True,
        text=True,
    )
    audited = [
        (task["id"], finding)
        for task in json.loads(run.stdout)["tasks"]
        for finding in task["findings"]
        if finding["rule"] == "provenance"
    ]
    print(f"tool-orch audit: {len(audited)} arguments in {len({name for name, _ in audited})} tasks")
    ours = Counter(finding["argument"].strip("/").split("/")[0] for _, finding in audited)
    print("  by name:", dict(ours.most_common(12)))


if __name__ == "__main__":
    main(sys.argv[1])
