"""`python -m tool_orch_env`, the same as `tool-orch`."""

import sys

from .cli import main

sys.exit(main())
