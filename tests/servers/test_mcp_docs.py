"""docs/bring-your-own-mcp.md is run from top to bottom, with the server of the example and then without it."""

from pathlib import Path

from test_record_docs import ROOT, example, run


def test_the_page_on_mcp_records_synthesises_and_plays_without_the_server(tmp_path: Path) -> None:
    before, after = (ROOT / "docs" / "bring-your-own-mcp.md").read_text().split("### Without the server")
    environ = example(tmp_path / "byo")
    shown = run(before, tmp_path / "byo", environ)
    assert "1 of 5 tools are not marked as read-only and left out" in shown
    assert "library: 21 calls, 21 requested now" in shown and "21 calls, 0 requested now" in shown
    assert "10 tasks, no findings" in shown
    for name in ("server.py", "library.py"):
        (tmp_path / "byo" / name).unlink()
    run(after, tmp_path / "byo", environ)
