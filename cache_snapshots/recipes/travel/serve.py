"""Starts the table server, to be asked live for what the snapshot does not hold.

    python -m cache_snapshots.recipes.travel.serve [--port 8000]

It runs until it is stopped, on this machine only. Needs the extra `[travel]`.
"""

import argparse
import sys

import uvicorn

from .server import app

PORT = 8000


def main() -> int:
    parser = argparse.ArgumentParser(description="Start the server over the travel tables.")
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    port = parser.parse_args().port
    print(f"export TRAVEL_URL=http://127.0.0.1:{port}", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
