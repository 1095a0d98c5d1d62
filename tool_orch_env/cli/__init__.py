"""The command line, `tool-orch`."""

from .main import main as main
