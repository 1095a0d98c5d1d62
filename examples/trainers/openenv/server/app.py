"""The app that `openenv.yaml` names: the training tasks of the bundled snapshot, 256 sessions at once."""

from tool_orch_env.adapters import openenv
from tool_orch_env.adapters.session import SessionFactory

app = openenv.app(SessionFactory(split="train"))


def main() -> None:
    """`python -m server.app`: on the loopback address, port 8000."""
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=8000)


if __name__ == "__main__":
    main()
