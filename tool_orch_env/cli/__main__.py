"""`python -m tool_orch_env.cli`, the same as `tool-orch`."""

import sys

from .main import main

sys.exit(main())
