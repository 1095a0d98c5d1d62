"""The command line, `tool-orch`. No other part of the package imports it."""

from .main import main as main
from .main import parser as parser
