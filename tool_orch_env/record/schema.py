"""The fields of a spec file, as pydantic models. `spec.py` reads a file with them and compiles it.

`${NAME}` in the fields of `api` is replaced by the environment variable NAME.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from ..snapshot.catalog import MOST_RULES, Source
from ..snapshot.fold import Fold
from ..snapshot.rules import Rule
from ..snapshot.rules import Values as Held
from .request import Place

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
Pointers = tuple[str, ...]
Listed = Annotated[tuple[str, ...], Field(min_length=1)]
"""Patterns whose values make one list."""
Placing = Annotated[Place, BeforeValidator(lambda given: {"at": given} if isinstance(given, str) else given)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Strict):
    """An MCP server: a `command` with its arguments, run in the spec's folder with the variables of `env`, or a `url`
    with the `headers` of every request.
    """

    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str | None = None
    headers: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_place(self) -> "Server":
        if bool(self.command) == bool(self.url):
            raise ValueError("expected either `command` or `url`")
        if (self.env and self.url) or (self.headers and self.command):
            raise ValueError("`env` goes with `command`, `headers` with `url`")
        return self


class Api(_Strict):
    """Where calls go and what every request carries: an HTTP API at `base_url`, or the MCP server `mcp`.

    `hosts` are further origins, besides that of `base_url`, that tools and redirects may contact.
    """

    base_url: str = ""
    mcp: Server | None = None
    hosts: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    proxy: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Api":
        if self.mcp is not None and self.model_fields_set != {"mcp"}:
            raise ValueError("`mcp` allows no other key: its `headers` are fields of its own")
        return self


class Limits(_Strict):
    """Limits on the requests to the API.

    `rate`: requests per second, evenly spaced; `None` for no limit. `timeout`: seconds for one attempt, from connecting
    to the last byte. `attempts`: attempts per call, if the answer is 429, 5xx or missing. `backoff`: seconds before the
    second attempt, doubled each time, up to `patience`; a Retry-After beyond `patience` ends the call. `max_bytes`:
    size of one body after decompression. `calls`: number of calls in the whole plan.
    """

    concurrency: int = Field(default=8, ge=1, le=256)
    rate: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=30.0, gt=0)
    attempts: int = Field(default=5, ge=1, le=100)
    backoff: float = Field(default=0.5, ge=0)
    patience: float = Field(default=60.0, gt=0)
    max_bytes: int = Field(default=4 << 20, ge=1)
    calls: int | None = Field(default=None, ge=0)


class ToolEntry(_Strict):
    """One tool: written by hand, with at least `url` and `parameters`, or additions to one from the OpenAPI document.

    `places`: where parameters go that are not in the URL; by default the query, or the body for POST, PUT and PATCH.
    `known`, `fold`, `derive` and `holds` are those of `tools.json`. `drop`: pointer patterns of volatile fields.
    `wrap_text`: keep a body that is not JSON as `{"text": ...}`. `server_errors`: record a 5xx, after the last attempt,
    as an error of the API. `file`: the stem of the file with the answers.
    """

    method: Method | None = None
    url: str | None = None
    parameters: dict[str, Any] | None = None
    places: dict[str, Placing] = {}
    description: str | None = None
    domain: str | None = None
    set_like: tuple[str, ...] = ()
    case_insensitive: tuple[str, ...] = ()
    sources: dict[str, tuple[Source, ...]] = {}
    known: tuple[str, ...] = ()
    fold: dict[str, Fold] = {}
    derive: tuple[Rule, ...] = Field(default=(), max_length=MOST_RULES)
    holds: dict[str, Held] = {}
    drop: Pointers = ()
    wrap_text: bool | None = None
    server_errors: bool | None = None
    file: str = Field(default="responses", pattern=r"^responses(-[a-z0-9]+)*$")


class OpenApi(_Strict):
    """An OpenAPI document in the spec's folder, Swagger 2.0 or OpenAPI 3.

    `operations`: tool name -> operationId or `GET /path`; `None` for all operations, named by their ids. `only` and
    `except` choose among them, and `rename` maps operations to names. `safe`: operations by POST, PUT, PATCH or DELETE
    that may be called. All four have patterns for an operationId or `GET /path`, in which `*` is any text.
    """

    file: str
    operations: dict[str, str] | None = None
    only: tuple[str, ...] | None = None
    except_: tuple[str, ...] = Field(default=(), alias="except")
    rename: dict[str, str] = {}
    safe: tuple[str, ...] = ()


class _Rows(_Strict):
    """What all kinds of rows share: at most `limit` rows, or `sample` rows drawn with `seed`.

    For rows from responses, both count per response.
    """

    limit: int | None = Field(default=None, ge=0)
    sample: int | None = Field(default=None, ge=0)
    seed: int = 0


class _Grouped(_Rows):
    """Rows of which `together` make one call: an argument such as `/ids/*` gets a list with the values of all of them.

    The last group may be smaller. Rows from responses are grouped per response.
    """

    together: int | None = Field(default=None, ge=1)


class Values(_Grouped):
    """Lists of values by argument. Several lists are zipped and must have the same length."""

    values: dict[str, list[Any]] = Field(min_length=1)


class FromFile(_Grouped):
    """Rows from a JSON, JSON lines, YAML or CSV file in the spec's folder.

    `each` is the pattern that matches elements; `take` maps arguments to pointers into an element. Without `take`, an
    element is an object of arguments. A CSV row is an object of strings; a string becomes a number or boolean if the
    parameter's schema requires one.
    """

    file: str
    each: str = "/*"
    take: dict[str, str] | None = Field(default=None, min_length=1)


class FromResponses(_Grouped):
    """Rows from the successful responses of an earlier step (its `id`, by default its tool).

    `each` is the pattern that matches elements of a response; `take` maps arguments to patterns into an element; `keep`
    maps arguments to pointers into the earlier call's arguments. Patterns of `take` that agree up to a `*` take their
    values from the same list element. An argument may be a pointer, as in a tool's `sources`: `/ids/*` makes a list of
    one, and `[/results/*/id]` in place of a pattern makes one list of all that it finds in an element. An element in
    which a pattern finds nothing or null yields no row.
    """

    from_: str = Field(alias="from")
    each: str = ""
    take: dict[str, str | Listed] = {}
    keep: dict[str, str] = {}


def _listed(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
"""One name, or a list of names."""


class All(_Rows):
    """All values that the schemas of the parameters in `all` allow, crossed if there are several.

    The schema has to state finitely many: an enum, a boolean, bounds of an integer. `minimum` and `maximum` add bounds,
    both included, and are needed for dates. An optional parameter without a default is also left out once.
    """

    all: Names
    minimum: int | str | None = None
    maximum: int | str | None = None


def _kind(kinds: Mapping[str, type[BaseModel]]) -> Callable[[Any], str | None]:
    """Recognises the kind of an object by the field that only this kind has."""

    def find(given: Any) -> str | None:
        if isinstance(given, dict):
            return next((kind.__name__ for name, kind in kinds.items() if name in given), None)
        return type(given).__name__

    return find


Rows = Annotated[
    Annotated[Values, Tag("Values")]
    | Annotated[FromFile, Tag("FromFile")]
    | Annotated[FromResponses, Tag("FromResponses")]
    | Annotated[All, Tag("All")],
    Discriminator(
        _kind({"values": Values, "file": FromFile, "from": FromResponses, "all": All}),
        "rows",
        "expected an object with one of values, file, from and all",
    ),
]


class Pages(_Strict):
    """Further pages of a step's calls, one after the other: the next value of `argument` for as long as there is one.

    `cursor` points to it in the reply: the end is where that leads nowhere, or to null, false or "". Or pages are
    counted by `step` from `start`, `until` the pattern finds nothing but null and empty lists in the reply. `most`:
    pages of one call, at most.
    """

    argument: str
    cursor: str | None = None
    until: str | None = None
    start: int = 1
    step: int = Field(default=1, ge=1)
    most: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _one_end(self) -> "Pages":
        if (self.cursor is None) == (self.until is None):
            raise ValueError("expected either `cursor` or `until`")
        return self


class Step(_Rows):
    """Calls of one tool: `arguments`, which all calls share, and the cross product of the rows in `over`.

    `limit` and `sample` apply to the step's calls, before the `pages` that follow each. With `only_valid`, calls that
    the tool's schema does not allow are left out without a fault.
    """

    call: str
    id: str | None = None
    arguments: dict[str, Any] = {}
    over: tuple[Rows, ...] = ()
    only_valid: bool = False
    pages: Pages | None = None

    @property
    def name(self) -> str:
        return self.id or self.call


class Follow(_Strict):
    """Everything that may be asked about every row of the replies of earlier steps.

    For every tool whose `sources` point into those replies, the calls whose arguments a row supplies: with the required
    parameters, and with every choice of the optional ones that have a source there. A required parameter without one
    takes all values of its schema. `tools` restricts the tools. `arguments`, `keep` (pointers into the earlier call's
    arguments) and `over` supply further parameters; a tool gets those that it has. `follow.py` turns it into steps.
    """

    follow: Names
    tools: Names | None = None
    arguments: dict[str, Any] = {}
    keep: dict[str, str] = {}
    over: tuple[Rows, ...] = ()


Line = Annotated[
    Annotated[Step, Tag("Step")] | Annotated[Follow, Tag("Follow")],
    Discriminator(
        _kind({"call": Step, "follow": Follow}), "line", "expected an object with one of call and follow"
    ),
]


class SpecFile(_Strict):
    """The whole file. Only a recording of Python functions has no `api`.

    `captured` sets the manifest's date; `None` for the days on which answers arrived. `secrets`: names of environment
    variables. `tasks`: task files in the spec's folder, by split.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    version: str = "1"
    licence: str = "not stated"
    captured: str | None = None
    sources: tuple[dict[str, str], ...] = ()
    notice: str = ""
    api: Api = Api()
    secrets: tuple[str, ...] = ()
    limits: Limits = Field(default_factory=Limits)
    drop: Pointers = ()
    wrap_text: bool = False
    server_errors: bool = False
    openapi: OpenApi | None = None
    tools: dict[str, ToolEntry] = {}
    plan: tuple[Line, ...] = ()
    tasks: dict[str, str] = {}
