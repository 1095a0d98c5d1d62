"""Which chat templates work with TRL's environments: TRL's own checks, and a call written and read in each."""

from functools import cache
from pathlib import Path
from typing import Any

import played
import pytest
from pages import PAGE
from tokens import tokenizer

from tool_orch_env.adapters.session import SessionFactory
from tool_orch_env.calls.chat import as_message, turn_message

trl = pytest.importorskip("trl")
pytestmark = pytest.mark.filterwarnings("ignore")
FOLDER = Path(trl.__file__).parent / "chat_templates"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.jinja") if not path.stem.endswith("_training"))


@cache
def prepared(name: str) -> Any:
    """A tokenizer with the template as `GRPOTrainer` prepares it, or the reason why the trainer refuses it."""
    from jinja2 import TemplateError
    from trl import chat_template_utils as templates

    fast = tokenizer((FOLDER / f"{name}.jinja").read_text())
    if not templates.supports_tool_calling(fast):
        return "renders no calls or no replies"
    try:
        templates.add_response_schema(fast)
        if not templates.is_chat_template_prefix_preserving(fast):
            fast.chat_template = templates.get_training_chat_template(fast)
    except (ValueError, TemplateError) as error:
        return str(error).partition(",")[0]
    return fast


def listed(word: str) -> list[str]:
    """The templates in the line of the page's table that begins with a word."""
    [line] = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {word} |")]
    return [part.strip().strip("`") for part in line.split("|")[2].split(",")]


def test_the_page_lists_the_templates_that_trl_takes_and_refuses() -> None:
    found: dict[str, list[str]] = {}
    for name in SHIPPED:
        found.setdefault("refused" if isinstance(prepared(name), str) else "works", []).append(name)
    assert {word: listed(word) for word in found} == found


@pytest.mark.parametrize("name", [name for name in SHIPPED if not isinstance(prepared(name), str)])
def test_a_call_in_the_templates_own_syntax_is_read_and_rewarded(factory: SessionFactory, name: str) -> None:
    from trl.chat_template_utils import parse_response

    fast = prepared(name)
    session = factory().reset(played.TASK)
    before = session.messages(session.native_prompt)
    [call] = played.ORACLE[0].calls
    message = as_message(turn_message(played.ORACLE[0]), 0)
    message = {**message, "content": ""}
    message["tool_calls"][0]["function"]["arguments"] = dict(call.arguments)
    given = {"tools": session.tools, "tokenize": False}
    prompt = fast.apply_chat_template(before, add_generation_prompt=True, **given)
    whole = fast.apply_chat_template([*before, message], **given)
    start = len(prompt) if whole.startswith(prompt) else whole.rindex("<tool_call>")
    prefix, said = (fast.encode(text, add_special_tokens=False) for text in (prompt, whole[start:]))
    parsed = parse_response(fast, said, prefix=prefix, tools=session.tools)
    [read] = parsed["tool_calls"]
    assert read["function"] == {"name": call.name, "arguments": call.arguments}
    assert session.step(parsed).reward > 0
