"""One search by atheris: `python -m fuzz.search TARGET [libFuzzer options] [FOLDER]`."""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tool_orch_env"]):
    from fuzz.targets import TARGETS


def main() -> None:
    name, *options = sys.argv[1:]
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for number, data in enumerate(target.seeds):
            (seeds / str(number)).write_bytes(data)
        bounds = [f"-max_len={target.longest}", "-timeout=20", "-rss_limit_mb=4096"]
        bounds += [f"-dict={words}"] if target.words else []
        folders = [] if any("merge" in option for option in options) else [str(seeds)]
        again = (
            f"{sys.executable} -m fuzz.search {name}"  # libFuzzer starts itself again to minimise, by a shell
        )
        atheris.Setup([again, *bounds, *options, *folders], target.law)
        atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))


main()
