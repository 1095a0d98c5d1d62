"""Open the source of a spec: its HTTP API, its MCP server, or the functions that were named with it."""

from .client import Client
from .functions import Functions
from .source import Source
from .spec import Spec


def opened(spec: Spec) -> Source:
    """The source that answers a spec's calls, to be used as an async context manager."""
    if spec.functions:
        return Functions(spec.functions, spec.file.limits, spec.secrets, spec.drop)
    if spec.server is not None:
        from .mcp import McpServer  # an extra

        return McpServer(
            spec.server, spec.file.limits, spec.folder, spec.secrets, spec.drop, spec.server_errors
        )
    return Client(spec)
