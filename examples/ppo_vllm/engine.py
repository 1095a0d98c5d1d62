"""vLLM as the policy's voice: in this process, or behind its own HTTP server.

Enters: prompts as token ids. Leaves: the sampled ids with the logprob of each, never text. Both engines take new
weights while they live, and both can die: `EngineDied` says so, and `revive` starts another with the same weights.

Logprobs are `processed`: after the temperature, as the ratio of PPO needs them. In float32 they agree with transformers
to about 1e-6; in bfloat16 they differ by up to 0.07 per token.
"""

import asyncio
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import torch

for name, value in {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # the engine's core in this process, where it can be handed tensors
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # trainer and other processes want the cores too
    "VLLM_LOGGING_LEVEL": "ERROR",
    "HF_HUB_OFFLINE": "1",
}.items():
    os.environ.setdefault(name, value)

Weights = Callable[[], Iterable[tuple[str, torch.Tensor]]]
"""The trainer's weights as they are now, names as transformers saves them, tied ones included."""
READY, ANSWER = 300.0, 600.0
"""Seconds until a server must be ready, and until a generation must have come back."""
_WHOLE = {"enable_chunked_prefill": False}
"""Without a GPU vLLM 0.32 dies of a seeded request whose prompt it cuts in two: such generators cannot be rewound."""


class EngineDied(RuntimeError):
    """The engine cannot go on. What was asked of it has to be asked of another."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One message to sample. `seed` decides the draws whatever else is in the batch."""

    prompt: list[int]
    max_tokens: int
    seed: int
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class Sampled:
    """What was sampled; `ended` says whether the last id is the end of the message, or the limit cut it."""

    ids: list[int]
    logprobs: list[float]
    ended: bool


@dataclass(frozen=True, slots=True)
class Setup:
    """How an engine is started. `context` is in tokens, `memory` the GPU's share, `stop` the id that ends a message."""

    model: str
    context: int
    stop: int
    sequences: int = 64
    dtype: str = "float32"
    memory: float = 0.4
    parallel: int = 1


class Engine(Protocol):
    def generate(self, asks: Sequence[Ask]) -> list[Sampled]:
        """All messages at once, in order; raises `EngineDied`."""

    def push(self) -> None:
        """Take over the trainer's weights; raises `EngineDied`."""

    def rest(self) -> None:
        """Give back the memory of the device while the trainer works, if there is one to share."""

    def wake(self) -> None:
        """Take it again."""

    def revive(self) -> None:
        """Start another in place of a dead one, with the trainer's weights."""

    def close(self) -> None: ...


class InProcess:
    """vLLM's `LLM` in this process: the weights never touch a file."""

    def __init__(self, setup: Setup, weights: Weights) -> None:
        self._setup, self._weights = setup, weights
        self._gpu = torch.cuda.is_available()
        self._llm: Any = None
        self._start()

    def _start(self) -> None:
        from vllm import LLM

        setup = self._setup
        self._llm = LLM(
            model=setup.model,
            dtype=setup.dtype,
            max_model_len=setup.context,
            max_num_seqs=setup.sequences,
            max_num_batched_tokens=max(8192, setup.context),
            tensor_parallel_size=setup.parallel,
            enforce_eager=not self._gpu,
            logprobs_mode="processed_logprobs",
            generation_config="vllm",
            disable_log_stats=True,
            **({"enable_sleep_mode": True, "gpu_memory_utilization": setup.memory} if self._gpu else _WHOLE),
        )

    def generate(self, asks: Sequence[Ask]) -> list[Sampled]:
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt

        params = [
            SamplingParams(
                temperature=ask.temperature,
                max_tokens=ask.max_tokens,
                seed=ask.seed,
                logprobs=0,
                detokenize=False,
                stop_token_ids=[self._setup.stop],
            )
            for ask in asks
        ]
        prompts = [TokensPrompt(prompt_token_ids=ask.prompt) for ask in asks]
        try:
            outputs = self._llm.generate(prompts, params, use_tqdm=False)
        except Exception as error:  # whatever it is, this engine's state is not to be trusted any more
            raise EngineDied(f"{type(error).__name__}: {error}") from error
        return [self._sampled(output.outputs[0]) for output in outputs]

    def _sampled(self, one: Any) -> Sampled:
        ids = list(one.token_ids)
        logprobs = [entry[token].logprob for entry, token in zip(one.logprobs, ids, strict=True)]
        return Sampled(ids, logprobs, bool(ids) and ids[-1] == self._setup.stop)

    def push(self) -> None:
        try:
            self._llm.collective_rpc(
                "reload_weights", kwargs={"weights_iterator": iter(list(self._weights()))}
            )
            self._llm.reset_prefix_cache()
        except Exception as error:
            raise EngineDied(f"{type(error).__name__}: {error}") from error

    def rest(self) -> None:
        if self._gpu:
            self._llm.sleep(level=1)

    def wake(self) -> None:
        if self._gpu:
            self._llm.wake_up()

    def revive(self) -> None:
        self.close()
        self._start()
        self.push()

    def close(self) -> None:
        llm, self._llm = self._llm, None
        if llm is not None:
            llm.llm_engine.engine_core.shutdown()
        del llm
        gc.collect()


class Server:
    """vLLM's own HTTP server in a process group of its own; weights go through a folder in memory."""

    def __init__(self, setup: Setup, weights: Weights) -> None:
        self._setup, self._weights = setup, weights
        memory = Path("/dev/shm")
        self._folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.process: subprocess.Popen[bytes] | None = None
        self._url = ""
        self._start()

    def _start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}"
        log = (self._folder / "server.log").open("wb")
        self.process = subprocess.Popen(
            [*self._command(), "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "VLLM_SERVER_DEV_MODE": "1"},
        )
        deadline = time.monotonic() + READY
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                words = (self._folder / "server.log").read_text(errors="replace")[-2000:]
                self._stop()
                raise EngineDied(f"the server did not start:\n{words}")
            time.sleep(0.3)

    def _command(self) -> list[str]:
        setup = self._setup
        options = {
            "model": setup.model,
            "served-model-name": "policy",
            "dtype": setup.dtype,
            "max-model-len": setup.context,
            "max-num-seqs": setup.sequences,
            "max-num-batched-tokens": max(8192, setup.context),
            "tensor-parallel-size": setup.parallel,
            "generation-config": "vllm",
            "logprobs-mode": "processed_logprobs",
            "gpu-memory-utilization": setup.memory,
        }
        flags = (
            ["--enable-sleep-mode"]
            if torch.cuda.is_available()
            else ["--enforce-eager", "--no-enable-chunked-prefill"]
        )
        told = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *told, *flags]

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self._url}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def generate(self, asks: Sequence[Ask]) -> list[Sampled]:
        return asyncio.run(self._all(asks))

    async def _all(self, asks: Sequence[Ask]) -> list[Sampled]:
        limits = httpx.Limits(max_connections=self._setup.sequences)
        async with httpx.AsyncClient(base_url=self._url, timeout=ANSWER, limits=limits) as client:
            try:
                return list(await asyncio.gather(*[self._one(client, ask) for ask in asks]))
            except (httpx.HTTPError, KeyError, ValueError) as error:
                raise EngineDied(f"{type(error).__name__}: {error}") from error

    async def _one(self, client: httpx.AsyncClient, ask: Ask) -> Sampled:
        reply = await client.post(
            "/v1/completions",
            json={
                "model": "policy",
                "prompt": ask.prompt,
                "max_tokens": ask.max_tokens,
                "temperature": ask.temperature,
                "seed": ask.seed,
                "logprobs": 0,
                "return_token_ids": True,
                "stop_token_ids": [self._setup.stop],
            },
        )
        reply.raise_for_status()
        choice = reply.json()["choices"][0]
        ids = list(choice["token_ids"])
        return Sampled(ids, choice["logprobs"]["token_logprobs"], bool(ids) and ids[-1] == self._setup.stop)

    def push(self) -> None:
        from safetensors.torch import save_file

        tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in self._weights()}
        save_file(tensors, self._folder / "model.safetensors", metadata={"format": "pt"})
        shutil.copy(Path(self._setup.model) / "config.json", self._folder)
        self._post("/pause?mode=keep")
        self._post(
            "/collective_rpc", {"method": "reload_weights", "kwargs": {"weights_path": str(self._folder)}}
        )
        self._post("/reset_prefix_cache")
        self._post("/resume")

    def _post(self, path: str, body: dict[str, Any] | None = None) -> None:
        try:
            content = json.dumps(body) if body else None
            headers = {"Content-Type": "application/json"} if body else None
            httpx.post(self._url + path, content=content, headers=headers, timeout=ANSWER).raise_for_status()
        except httpx.HTTPError as error:
            raise EngineDied(f"{path}: {type(error).__name__}: {error}") from error

    def rest(self) -> None:
        if torch.cuda.is_available():
            self._post("/sleep?level=1")

    def wake(self) -> None:
        if torch.cuda.is_available():
            self._post("/wake_up")

    def revive(self) -> None:
        self._stop()
        self._start()
        self.push()

    def close(self) -> None:
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
                process.wait(20)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait()


ENGINES: dict[str, type[InProcess] | type[Server]] = {"process": InProcess, "http": Server}
