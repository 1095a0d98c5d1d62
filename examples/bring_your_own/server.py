"""The same library as an MCP server over stdio: the server of docs/bring-your-own-mcp.md."""

import library
from mcp.server import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("library", version="1.0")
for function in library.TOOLS:
    server.add_tool(function, annotations=ToolAnnotations(read_only_hint=True))


@server.tool()
def borrow(book_id: int) -> str:
    """Borrow a book. This changes something, so it is not recorded."""
    return "borrowed"


if __name__ == "__main__":
    server.run()
