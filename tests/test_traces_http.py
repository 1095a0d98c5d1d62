"""HTTP archives and cassettes: what matches an operation of the document is recorded, the rest is listed."""

import base64
import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tool_orch_env.cli import main
from tool_orch_env.errors import ImporterError
from tool_orch_env.snapshot import Snapshot
from tool_orch_env.snapshot.snapshot import verify
from tool_orch_env.traces import Report, import_traces
from tool_orch_env.traces import har as archive
from tool_orch_env.traces import vcr as cassette
from tool_orch_env.traces.credentials import is_credential
from tool_orch_env.traces.documents import Document
from tool_orch_env.traces.exchange import Exchange, unpacked
from tool_orch_env.traces.operations import NoMatch, Operations

KEY = "sk-1234-abcdef"


def parameter(name: str, at: str = "query", kind: str = "string", **more: Any) -> dict[str, Any]:
    schema = more.pop("schema", {"type": kind})
    return {"name": name, "in": at, "required": at == "path", "schema": schema, **more}


def operation(name: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "operationId": name,
        "parameters": list(parameters),
        "responses": {"200": {"description": "ok"}},
        **more,
    }


NUMBERS = {"type": "array", "items": {"type": "integer"}}
BODY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "size": {"type": "integer"}},
    "required": ["city"],
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Towns", "version": "1"},
    "servers": [{"url": "https://api.example.org/v1"}, {"url": "https://{region}.example.org/v1"}],
    "paths": {
        "/towns/{id}": {"get": operation("get_town", parameter("id", "path", "integer"), parameter("units"))},
        "/towns/largest": {"get": operation("largest_town")},
        "/towns": {
            "get": operation(
                "list_towns",
                parameter("ids", schema=NUMBERS, explode=False),
                parameter("tag", schema={"type": "array", "items": {"type": "string"}}),
                parameter("open", kind="boolean"),
                parameter("api_key", required=True),
            ),
            "post": operation("add_town", requestBody={"content": {"application/json": {"schema": BODY}}}),
        },
    },
}  # fmt: skip


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def entry(url: str, reply: Any, method: str = "GET", status: int = 200, **request: Any) -> dict[str, Any]:
    """An entry of an archive."""
    headers = [
        {"name": "Authorization", "value": f"Bearer {KEY}"},
        {"name": "Cookie", "value": "sid=cookie-77-value"},
    ]
    content = {"mimeType": "application/json", "text": reply if isinstance(reply, str) else json.dumps(reply)}
    return {
        "startedDateTime": "2026-11-22T10:00:00.000Z",
        "request": {"method": method, "url": url, "headers": headers, **request},
        "response": {"status": status, "headers": [], "content": content},
    }


ENTRIES = [
    entry("https://api.example.org/v1/towns/7", {"id": 7, "name": "Turku", "seen_by": "cookie-77-value"}),
    entry("https://eu.example.org/v1/towns/8?units=metric", {"id": 8, "token": KEY}),
    entry("https://api.example.org/v1/towns/largest", {"id": 1}),
    entry(f"https://api.example.org/v1/towns?ids=1,2&tag=old&tag=sea&open=True&api_key={KEY}", []),
    entry(
        "https://api.example.org/v1/towns",
        {"id": 9},
        "POST",
        postData={"mimeType": "application/json", "text": '{"size": 3, "city": "Oslo"}'},
    ),
    entry("https://api.example.org/v1/towns/99", {"detail": "no such town"}, status=404),
]
BAD = [
    (entry("https://api.example.org/v2/towns/7", {}), "no operation has this method, server and path"),
    (entry("https://other.org/v1/towns/7", {}), "no operation has this method, server and path"),
    (entry("https://api.example.org/v1/towns/7", {}, "DELETE"), "no operation has this method"),
    (entry("https://api.example.org/v1/towns/7?colour=red", {}), "'colour' is not one of the operation's"),
    (entry("https://api.example.org/v1/towns/7", "<html>"), "not JSON"),
    (entry("https://api.example.org/v1/towns/7", {}, status=302), "its status is 302"),
    (entry("https://api.example.org/v1/towns/7", {}, status=500), "its status is 500"),
    (
        entry("https://api.example.org/v1/towns", {}, "POST", postData={"text": '{"city": "Oslo", "x": 1}'}),
        "its body has what the operation does not describe",
    ),
    (entry("https://api.example.org/v1/towns", {}, "POST", postData={"text": "city=Oslo"}), "not JSON"),
    (entry("https://api.example.org/v1/towns/seven", {}, status=404), "only valid calls are recorded"),
    ({"request": {}}, "not an entry"),
    (7, "not an entry"),
]  # fmt: skip


def imported(folder: Path, value: Any, document: Path) -> tuple[Snapshot, Report]:
    path = folder / "log.har"
    path.write_text(json.dumps(value))
    report = import_traces(path, folder / "out", openapi=document)
    snapshot = Snapshot.open(folder / "out")
    assert verify(snapshot) == [] and snapshot.splits == ()
    return snapshot, report


def texts(snapshot: Snapshot) -> dict[str, list[tuple[dict[str, Any], int, str]]]:
    found: dict[str, list[tuple[dict[str, Any], int, str]]] = {}
    for record in snapshot.records():
        found.setdefault(record.tool, []).append((record.arguments, record.status, record.text))
    return {name: sorted(some, key=str) for name, some in found.items()}


EXPECTED = {
    "get_town": [
        ({"id": 7}, 200, '{"id":7,"name":"Turku","seen_by":"[secret]"}'),
        ({"id": 8, "units": "metric"}, 200, '{"id":8,"token":"[secret]"}'),
        ({"id": 99}, 404, '{"detail":"no such town"}'),
    ],
    "largest_town": [({}, 200, '{"id":1}')],
    "list_towns": [({"ids": [1, 2], "tag": ["old", "sea"], "open": True}, 200, "[]")],
    "add_town": [({"city": "Oslo", "size": 3}, 200, '{"id":9}')],
}


def test_an_archive_becomes_recordings_without_credentials(tmp_path: Path, document: Path) -> None:
    snapshot, report = imported(tmp_path, {"log": {"entries": ENTRIES}}, document)
    assert texts(snapshot) == EXPECTED and not report.problems and not report.left_out
    assert snapshot.manifest["captured"] == "2026-11-22"
    assert "api_key" not in snapshot.catalog["list_towns"].properties
    kept = b"".join(p.read_bytes() for p in tmp_path.glob("out*/**/*") if p.is_file() and p.suffix != ".gz")
    kept += (tmp_path / "out.journal.jsonl").read_bytes()
    assert KEY.encode() not in kept and b"cookie-77-value" not in kept


@pytest.mark.parametrize(("bad", "why"), BAD, ids=[why[:24] + str(n) for n, (_, why) in enumerate(BAD)])
def test_what_is_not_recorded_is_listed_with_its_reason(
    bad: Any, why: str, tmp_path: Path, document: Path
) -> None:
    snapshot, report = imported(tmp_path, {"log": {"entries": [*ENTRIES, bad]}}, document)
    assert texts(snapshot) == EXPECTED
    [problem] = report.problems
    assert why in problem and problem.startswith("log.har: ") and KEY not in problem


def test_a_further_server_can_be_named(tmp_path: Path, document: Path) -> None:
    path = tmp_path / "log.har"
    path.write_text(json.dumps({"log": {"entries": [entry("http://localhost:8000/towns/7", {"id": 7})]}}))
    with pytest.raises(ImporterError, match="no operation has this method"):
        import_traces(path, tmp_path / "out", openapi=document)
    report = import_traces(path, tmp_path / "out", openapi=document, servers=["http://localhost:8000"])
    assert report.responses == 1


# --- cassettes


def interaction(one: dict[str, Any], ruby: bool = False, packed: bool = False) -> dict[str, Any]:
    request, response = one["request"], one["response"]
    body = response["content"]["text"]
    headers: dict[str, Any] = {"Content-Type": ["application/json"]}
    inner: Any = {"encoding": "UTF-8", "string": body} if ruby else {"string": body}
    if packed:
        headers["Content-Encoding"] = ["gzip"]
        inner = {"string": gzip.compress(body.encode(), mtime=0)}
    sent = request.get("postData", {}).get("text")
    code = {"code": response["status"], "message": "said"}
    return {
        "request": {
            "method": request["method"].lower() if ruby else request["method"],
            "uri": request["url"],
            "body": {"encoding": "UTF-8", "string": sent or ""} if ruby else sent,
            "headers": {one["name"]: [one["value"]] for one in request["headers"]},
        },
        "response": {"status": code, "headers": headers, "body": inner},
        **({"recorded_at": "Sun, 22 Nov 2026 10:00:00 GMT"} if ruby else {}),
    }


@pytest.mark.parametrize("kind", ["vcrpy", "packed", "ruby", "json"])
def test_a_cassette_becomes_the_same_recordings(kind: str, tmp_path: Path, document: Path) -> None:
    ruby = kind == "ruby"
    some = [interaction(one, ruby, kind == "packed") for one in ENTRIES]
    value = (
        {"http_interactions": some, "recorded_with": "VCR 6"}
        if ruby
        else {"interactions": some, "version": 1}
    )
    path = tmp_path / ("c.json" if kind == "json" else "c.yaml")
    path.write_text(json.dumps(value) if kind == "json" else yaml.safe_dump(value))
    report = import_traces(path, tmp_path / "out", "vcr", openapi=document)
    snapshot = Snapshot.open(tmp_path / "out")
    assert texts(snapshot) == EXPECTED and not report.problems
    assert snapshot.manifest["captured"] == ("2026-11-22" if ruby else "")


def test_old_tags_for_texts_are_read_and_others_refused(tmp_path: Path, document: Path) -> None:
    text = """
interactions:
- request: {method: GET, uri: 'https://api.example.org/v1/towns/7', body: null, headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [!!python/unicode 'application/json']}
    body: {string: !!python/unicode '{"id": 7}'}
"""
    path = tmp_path / "old.yaml"
    path.write_text(text)
    assert import_traces(path, tmp_path / "out", openapi=document).responses == 1
    for tag in ("!!python/object/apply:os.system", "!!set", "!!timestamp", "!!float"):
        path.write_text(text.replace("!!python/unicode '{", f"{tag} '{{"))
        with pytest.raises(ImporterError, match="could not determine a constructor"):
            import_traces(path, tmp_path / "other", openapi=document)
    path.write_text("interactions: !!map [a]")
    with pytest.raises(ImporterError, match="line 1: expected an object"):
        import_traces(path, tmp_path / "other", openapi=document)


def test_packed_bodies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tool_orch_env.traces.exchange.MOST_BODY", 1000)
    assert unpacked(gzip.compress(b"x" * 1000), "gzip") == b"x" * 1000
    with pytest.raises(ValueError, match="unpacks to more"):
        unpacked(gzip.compress(b"x" * 1001), "gzip")
    with pytest.raises(ValueError, match="only gzip and deflate"):
        unpacked(b"\x0b\x02", "br")
    assert unpacked(b'{"a": 1}', "br") == b'{"a": 1}'  # unpacked by the recorder


def test_names_of_credentials() -> None:
    secret = ["Authorization", "X-Api-Key", "apikey", "apiKey", "key", "access_token", "appid", "client_secret",
              "X-Amz-Signature", "cookie", "set-cookie", "token", "pwd", "x-session", "Session-Id", "x-csrftoken",
              "X-Amz-Credential", "auth"]  # fmt: skip
    harmless = [
        "page_token",
        "nextPageToken",
        "pagetoken",
        "sort_key",
        "keyword",
        "q",
        "monkey",
        "idempotency-key",
        "app",
    ]
    assert [name for name in secret if not is_credential(name)] == []
    assert [name for name in harmless if is_credential(name)] == []


PLACES = {
    "password of basic authentication": {
        "headers": [
            {"name": "Authorization", "value": "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()}
        ]
    },
    "header": {"headers": [{"name": "X-Session", "value": KEY}]},
    "fragment": {"url": f"https://api.example.org/v1/towns/7#access_token={KEY}"},
    "user": {"url": f"https://me:{KEY}@api.example.org/v1/towns/8"},
    "cookie": {"headers": [{"name": "Cookie", "value": "a=b"}, {"name": "Cookie", "value": f"c={KEY}"}]},
    "body": {"method": "POST", "postData": {"text": json.dumps({"city": "Oslo", "api_key": KEY})}},
    "form": {"method": "POST", "postData": {"text": f"city=Oslo&client_secret={KEY}"}},
}


@pytest.mark.parametrize("place", [*PLACES, "cookies that are set", "reply"])
def test_no_credential_is_kept_or_shown_wherever_it_is(tmp_path: Path, document: Path, place: str) -> None:
    made = entry("https://api.example.org/v1/towns/7", {"id": 7, "seen": KEY})
    made["request"] |= {"headers": [], **PLACES.get(place, {})}
    if place == "cookies that are set":
        cookies = [f"a={KEY}; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=other-value; Path=/"]
        made["response"]["headers"] = [{"name": "Set-Cookie", "value": value} for value in cookies]
    if place == "reply":
        made["response"]["content"]["text"] = json.dumps({"access_token": KEY, "again": [KEY]})
    fine = entry("https://api.example.org/v1/towns/largest", {"id": 1})
    _, report = imported(tmp_path, {"log": {"entries": [made, fine]}}, document)
    (tmp_path / "log.har").unlink()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    kept += (tmp_path / "out.journal.jsonl").read_bytes()
    assert KEY.encode() not in kept and KEY not in json.dumps(report.as_dict())


def test_a_call_that_gives_a_credential_is_not_recorded(tmp_path: Path) -> None:
    paths = {
        "/sites/{api_key}": {"get": operation("site", parameter("api_key", "path"))},
        "/login": {
            "post": operation(
                "login", requestBody={"content": {"application/json": {"schema": {"type": "object"}}}}
            )
        },
        "/ping": {"get": operation("ping")},
    }
    path = tmp_path / "api.json"
    path.write_text(json.dumps({**DOCUMENT, "paths": paths}))
    login = {"postData": {"text": '{"user": {"name": "me", "password": "hunter"}}'}}
    entries = [
        entry(f"https://api.example.org/v1/sites/{KEY}", {}),
        entry("https://api.example.org/v1/login", {}, "POST", **login),
        entry("https://api.example.org/v1/ping", {}),
    ]
    snapshot, report = imported(tmp_path, {"log": {"entries": entries}}, path)
    assert [record.tool for record in snapshot.records()] == ["ping"]
    assert [problem.split(": ")[-1] for problem in report.problems] == [
        "not recorded, 'api_key' is a credential",
        "not recorded, 'password' is a credential",
    ]
    assert KEY not in json.dumps(report.as_dict())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["request", "response", "body", "string", "status", "headers", "content", "uri", "method"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(json_values, max_size=4), st.text(max_size=30), st.binary(max_size=20))
def test_whatever_an_archive_holds_nothing_raises(values: list[Any], path: str, body: bytes) -> None:
    for reader, value in ((archive, {"log": {"entries": values}}), (cassette, {"interactions": values})):
        for one in reader.exchanges(Document("x", "x", value)):
            assert isinstance(one, (str, Exchange))
    operations = ODD
    for url in (f"https://api.example.org/v1/towns/{path}", f"https://api.example.org/v1/towns?{path}", path):
        for method in ("GET", "POST"):
            exchange = Exchange("0", method, url, {"cookie": path}, body, 200, {}, body)
            with contextlib.suppress(NoMatch):
                operations.match(exchange)
            operations.trace(Document("x", "x", None), iter([exchange]))


@pytest.fixture(autouse=True, scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> None:
    global ODD
    path = tmp_path_factory.mktemp("odd") / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    ODD = Operations(path)


def test_a_body_in_base64_is_read(tmp_path: Path, document: Path) -> None:
    one = entry("https://api.example.org/v1/towns/7", "")
    text = base64.b64encode(b'{"id": 7}').decode()
    one["response"]["content"] |= {"text": text, "encoding": "base64"}
    snapshot, _ = imported(tmp_path, {"log": {"entries": [one]}}, document)
    assert texts(snapshot) == {"get_town": [({"id": 7}, 200, '{"id":7}')]}


def test_a_cassette_that_cannot_be_read_is_told_as_one(
    tmp_path: Path, document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tape.yaml"
    path.write_text("interactions: !!set {a}")
    assert main(["import", str(path), "--openapi", str(document), "--out", str(tmp_path / "out")]) == 2
    assert "tape.yaml: neither JSON nor YAML: could not determine a constructor" in capsys.readouterr().err
