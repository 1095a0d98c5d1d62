"""The model families whose calls are read, and the table of docs/messages.md that is made from them.

`python -m tool_orch_env.calls.parse.families > docs/messages.md` writes the page.
"""

from dataclasses import dataclass

OBJECT = "JSON"
SCHEMA = "the tool's schema"
MARKED = "the message"
PYTHON = "Python literals"


@dataclass(frozen=True, slots=True)
class Family:
    """One way of writing calls: which models write it, an example, and where the types of values come from.

    `keep` names the tokens that a serving engine must not remove from the text; "" if there are none to lose.
    """

    name: str
    models: str
    syntax: str
    types: str
    keep: str = ""


_JSON = '{"name": "f", "arguments": {…}}'
_KEYS = "<arg_key>a</arg_key><arg_value>1</arg_value>"
_XML = "<function=f><parameter=a>1</parameter></function>"
_INVOKE = '<invoke name="f"><parameter name="a">1</parameter></invoke>'

FAMILIES: tuple[Family, ...] = (
    Family(
        "hermes", "Hermes-3, Qwen2.5, Qwen3, EXAONE-4, SmolLM3", f"<tool_call>{_JSON}</tool_call>", OBJECT
    ),
    Family(
        "granite4, ernie45, trinity",
        "Granite-4, ERNIE-4.5, Trinity",
        f"<tool_call>{_JSON}</tool_call>",
        OBJECT,
    ),
    Family("granite3.1", "Granite-3.1 to 3.3", f"<tool_call>[{_JSON}]", OBJECT, "<tool_call>"),
    Family("granite3.0", "Granite-3.0", f"<|tool_call|>[{_JSON}]", OBJECT, "<|tool_call|>"),
    Family("granite-20b-fc", "granite-20b-functioncalling", f"<function_call> {_JSON}", OBJECT),
    Family(
        "longcat",
        "LongCat-Flash",
        f"<longcat_tool_call>{_JSON}</longcat_tool_call>",
        OBJECT,
        "<longcat_tool_call>",
    ),
    Family(
        "hunyuan_a13b, jamba, apriel1.5, minimax_m1",
        "Hunyuan-A13B, Jamba-1.5 to 1.7, Apriel-1.5, MiniMax-M1",
        f"<tool_calls>[{_JSON}]</tool_calls>",
        OBJECT,
    ),
    Family(
        "internlm",
        "InternLM2.5/3, Intern-S1",
        '<|action_start|><|plugin|>{"name": "f", "parameters": {…}}<|action_end|>',
        OBJECT,
        "<|action_start|> <|plugin|>",
    ),
    Family("mistral_old", "Mistral-7B-v0.3, Mistral-Nemo", f"[TOOL_CALLS] [{_JSON}]", OBJECT, "[TOOL_CALLS]"),
    Family(
        "mistral_new",
        "Mistral-Small-3.2/4, Devstral, Magistral",
        "[TOOL_CALLS]f[ARGS]{…}",
        OBJECT,
        "[TOOL_CALLS] [ARGS] [THINK]",
    ),
    Family("llama3_json", "Llama-3.1 to 3.3", '{"name": "f", "parameters": {…}}; …', OBJECT),
    Family("phi4_mini", "Phi-4-mini, Firefunction-v2", f"functools[{_JSON}]", OBJECT),
    Family("xlam", "xLAM-1, xLAM-2", f"[{_JSON}]", OBJECT),
    Family(
        "cohere_command",
        "Command-R7B, Command-A",
        '<|START_ACTION|>[{"tool_name": "f", "parameters": {…}}]<|END_ACTION|>',
        OBJECT,
        "<|START_ACTION|> <|START_THINKING|>",
    ),
    Family(
        "command_r_2024",
        "Command-R/R+ 08-2024",
        'Action: ```json [{"tool_name": "f", "parameters": {…}}]```',
        OBJECT,
    ),
    Family(
        "apertus",
        "Apertus",
        '<|tools_prefix|>[{"f": {…}}]<|tools_suffix|>',
        OBJECT,
        "<|tools_prefix|> <|inner_prefix|>",
    ),
    Family("nemotron_v2", "Nemotron-Nano-9B-v2", f"<TOOLCALL>[{_JSON}]</TOOLCALL>", OBJECT),
    Family("gigachat3", "GigaChat3", f"function call<|role_sep|>{_JSON}", OBJECT, "<|role_sep|>"),
    Family(
        "inkling",
        "Inkling",
        '<|content_invoke_tool_json|>{"name": "f", "args": {…}}',
        OBJECT,
        "<|content_invoke_tool_json|>",
    ),
    Family(
        "functionary_v3.1", "Functionary-small-v3.1, Llama-3.1 custom", "<function=f>{…}</function>", OBJECT
    ),
    Family("functionary_v3.2", "Functionary-medium-v3.2", "f⏎{…}>>>g⏎{…}", OBJECT),
    Family(
        "deepseek_v3",
        "DeepSeek-V3-0324, R1-0528",
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>f⏎```json⏎{…}⏎```<｜tool▁call▁end｜>",
        OBJECT,
        "<｜tool▁call▁begin｜> <｜tool▁sep｜>",
    ),
    Family(
        "deepseek_v31",
        "DeepSeek-V3.1",
        "<｜tool▁call▁begin｜>f<｜tool▁sep｜>{…}<｜tool▁call▁end｜>",
        OBJECT,
        "<｜tool▁call▁begin｜> <｜tool▁sep｜>",
    ),
    Family(
        "deepseek_v32, deepseek_v4, deepseek_v41, gigachat35",
        "DeepSeek-V3.2 to V4.1, GigaChat-3.5",
        '<｜DSML｜invoke name="f"><｜DSML｜parameter name="a" string="false">1</｜DSML｜parameter></｜DSML｜invoke>',
        MARKED,
        "<｜DSML｜… (GigaChat: <｜GCML｜…)",
    ),
    Family(
        "kimi_k2",
        "Kimi-K2, K2-Thinking, K2.5",
        "<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{…}<|tool_call_end|>",
        OBJECT,
        "<|tool_call_begin|> <|tool_call_argument_begin|>",
    ),
    Family(
        "kimi_k3",
        "Kimi-K3",
        '<|open|>call tool="f"<|sep|><|open|>argument key="a" type="number"<|sep|>1<|close|>argument<|sep|>'
        "<|close|>call<|sep|>",
        MARKED,
        "<|open|> <|sep|> <|close|>",
    ),
    Family(
        "gpt-oss",
        "gpt-oss-20b/120b",
        "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{…}<|call|>",
        OBJECT,
        "<|channel|> <|message|> <|end|>",
    ),
    Family("qwen3_coder", "Qwen3-Coder, Qwen3.5", f"<tool_call>{_XML}</tool_call>", SCHEMA),
    Family(
        "step3p5, nemotron3, nanbeige, mimo",
        "Step-3.5, Nemotron-3, Nanbeige4.1, MiMo-V2",
        f"<tool_call>{_XML}</tool_call>",
        SCHEMA,
    ),
    Family("seed_oss", "Seed-OSS-36B", f"<seed:tool_call>{_XML}</seed:tool_call>", SCHEMA),
    Family(
        "glm45, glm47, ling3, poolside_v1, spark25",
        "GLM-4.5 to 5.1, Ling-3, Laguna, Spark-2.5",
        f"<tool_call>f{_KEYS}</tool_call>",
        SCHEMA,
        "<tool_call> <arg_key> <arg_value>",
    ),
    Family(
        "hy_v3, hy_v4",
        "Hunyuan-3, Hunyuan-4",
        f"<tool_calls><tool_call>f<tool_sep>{_KEYS}</tool_call></tool_calls>",
        SCHEMA,
        "<tool_call> <tool_sep> <arg_key>",
    ),
    Family(
        "iquest_q1",
        "IQuest-Q1",
        f"<iquest_tool_call>f{_KEYS}</iquest_tool_call>",
        SCHEMA,
        "<iquest_tool_call> <arg_key>",
    ),
    Family(
        "k2_horizon",
        "K2-Horizon",
        "<ifm|tool_call>f<ifm|arg_key>a</ifm|arg_key><ifm|arg_value>1</ifm|arg_value></ifm|tool_call>",
        SCHEMA,
        "<ifm|…>",
    ),
    Family(
        "minimax_m2",
        "MiniMax-M2 to M2.5",
        f"<minimax:tool_call>{_INVOKE}</minimax:tool_call>",
        SCHEMA,
        "<minimax:tool_call>",
    ),
    Family(
        "minimax_m3",
        "MiniMax-M3",
        '<invoke name="f"><a>1</a></invoke>, with ]<]minimax[>[ before each tag',
        SCHEMA,
        "]<]minimax[>[",
    ),
    Family("dots", "dots.llm2", f"<dots_function_call>{_INVOKE}</dots_function_call>", SCHEMA),
    Family(
        "muse_glimmer",
        "Muse-Glimmer",
        '<atem:function_calls><atem:invoke name="f">…</atem:invoke></atem:function_calls>',
        SCHEMA,
    ),
    Family(
        "step3",
        "Step-3",
        '<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="f">…</steptml:invoke>',
        SCHEMA,
    ),
    Family("minicpm5", "MiniCPM-5", '<function name="f"><param name="a">1</param></function>', SCHEMA),
    Family(
        "plamo3",
        "PLaMo-3",
        "<|plamo:begin_tool_name:plamo|>f<|plamo:end_tool_name:plamo|>… {…}",
        OBJECT,
        "<|plamo:…:plamo|>",
    ),
    Family(
        "gemma4",
        "Gemma-4",
        '<|tool_call>call:f{a:<|"|>text<|"|>,b:1}<tool_call|>',
        MARKED,
        '<|tool_call> <|"|>',
    ),
    Family(
        "functiongemma",
        "FunctionGemma-270m",
        "<start_function_call>call:f{a:<escape>text<escape>,b:1}<end_function_call>",
        MARKED,
        "<start_function_call> <escape>",
    ),
    Family("gemma3_tool_code", "Gemma-3 (prompted)", "```tool_code⏎f(a=1)⏎```", PYTHON),
    Family("pythonic", "Llama-3.2, ToolACE-2", "[f(a=1), g(b='x')]", PYTHON),
    Family("llama4_pythonic", "Llama-4-Scout/Maverick", "<|python_start|>[f(a=1)]<|python_end|>", PYTHON),
    Family("olmo3", "OLMo-3", "<function_calls>⏎f(a=1)⏎</function_calls>", PYTHON),
    Family(
        "lfm2", "LFM2, LFM2.5", "<|tool_call_start|>[f(a=1)]<|tool_call_end|>", PYTHON, "<|tool_call_start|>"
    ),
)

_PAGE = """# Messages

<!-- Made by `python -m tool_orch_env.calls.parse.families`; a test keeps the page and the table equal. -->

`env.step` takes an assistant message in any of these forms, and `toe.parse_message(message, tools)` reads it outside an
environment:

- text, in the format of any family below;
- an OpenAI chat message, with `content` as text or as a list of parts, `tool_calls`, or the legacy `function_call`;
- an Anthropic message with `tool_use` blocks, a LangChain message or tool call (`args`), Responses output items;
- an object of a client library that looks like one of these; a single call; a list of calls.

## What counts as a call

- Calls are returned in the order of the message. A call that cannot be read is a parse error at its place, which says
  where and what was expected. Nothing is repaired: a call that was cut off is a parse error.
- A message that holds a call marker and cannot be read is never taken for an answer.
- Reasoning is skipped: `<think>`, `<thinking>`, `<thought>`, `<reasoning>`, `[THINK]`, the analysis channel of gpt-oss
  and the families' own marks. A call after a `<think>` that is never closed counts, as in the serving engines. A call
  inside closed reasoning counts only where the message holds nothing else.
- Markers in a code fence or in inline code are quotations, unless the fence is the whole message. JSON that is not a
  call, the definition of a tool, and prose about a call are answers. JSON calls without a marker must begin a line or
  follow a sentence.
- Syntaxes without types take them from the tool's schema: `0042` stays text where a string is wanted. A value that
  fits no allowed type stays text and fails validation.
- An object with a key that is neither a name, arguments (`arguments`, `parameters`, `args`, `input`) nor metadata is a
  parse error that names the key.
- At most 256 calls and 1,048,576 characters of a message are read.

## Families

A server that decodes with `skip_special_tokens=True` removes markers before the environment sees them. The last column
lists what it must keep; SkyRL and vLLM have options for this. `⏎` is a line break.

| family | models | syntax | types come from | the server must keep |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The text of docs/messages.md."""
    rows = [
        f"| {family.name} | {family.models} | {_code(family.syntax)} | {family.types} | {_code(family.keep)} |\n"
        for family in FAMILIES
    ]
    return _PAGE + "".join(rows)


def _code(text: str) -> str:
    """Inline code for a table cell."""
    ticks = "````" if "```" in text else "`"
    pad = " " if "```" in text else ""
    return f"{ticks}{pad}{text.replace('|', chr(92) + '|')}{pad}{ticks}" if text else ""


if __name__ == "__main__":
    print(page(), end="")
