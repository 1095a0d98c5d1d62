"""`python -m tool_orch_env`: the command line where no `tool-orch` is on the path."""

import sys

from .cli.main import main

sys.exit(main())
