"""Asks the two servers: a call becomes a request, the reply is trimmed, and each call is asked once.

Enters: tool names and arguments. Leaves: status and trimmed response, and all of them as JSON lines, sorted.
Refuses a call that its schema does not allow, and a status that is neither success nor a typed error.
"""

from collections.abc import Mapping
from typing import Any

import httpx
import osm_tools

from tool_orch_env import snapshot
from tool_orch_env.call import encode, plain
from tool_orch_env.snapshot import Record


class Servers:
    """Both servers, and what they answered so far, by replay key."""

    def __init__(self, bases: Mapping[str, str]) -> None:
        self.catalog = osm_tools.catalog()
        self.records: dict[str, Record] = {}
        self._answers: dict[str, tuple[int, Any]] = {}
        self._clients = {
            name: httpx.Client(base_url=base, timeout=60, trust_env=False) for name, base in bases.items()
        }

    def __call__(self, tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and response; raises `UsageError` for an invalid call, `RuntimeError` for another status."""
        given = self.catalog[tool].normalise(dict(arguments))
        key = snapshot.make_record(self.catalog, tool, given, 200, None).key
        if key not in self._answers:
            status, response = self._fetch(tool, given)
            self._answers[key] = status, response
            self.records[key] = snapshot.make_record(self.catalog, tool, given, status, response)
        return self._answers[key]

    def lines(self) -> str:
        """Every record as a JSON line, sorted by tool and arguments."""
        by_call = sorted(self.records.values(), key=lambda record: (record.tool, encode(record.arguments)))
        return "".join(
            f'{{"tool":{encode(record.tool)},"arguments":{encode(record.arguments)},'
            f'"status":{record.status},"response":{record.text}}}\n'
            for record in by_call
        )

    def _fetch(self, tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        endpoint = osm_tools.ENDPOINTS[tool]
        schemas = self.catalog[tool].properties
        defaults = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
        payload = filled(endpoint.payload, {**defaults, **arguments})
        client = self._clients[endpoint.server]
        if endpoint.method == "GET":
            query = {name: ",".join(v) if isinstance(v, list) else v for name, v in payload.items()}
            reply = client.get(endpoint.path, params=query)
        else:
            reply = client.post(endpoint.path, json=payload)
        if reply.status_code == 200:
            return 200, trimmed(reply.json(), osm_tools.KEEP[endpoint.keep])
        if reply.status_code == 400 and endpoint.server == "valhalla":
            return 400, trimmed(reply.json(), osm_tools.KEEP["error"])
        raise RuntimeError(f"{tool} {arguments}: status {reply.status_code}: {reply.text[:200]}")


def filled(template: Any, arguments: Mapping[str, Any]) -> Any:
    """The template with every "{name}" replaced by that argument."""
    if isinstance(template, dict):
        return {name: filled(item, arguments) for name, item in template.items()}
    if isinstance(template, list):
        return [filled(item, arguments) for item in template]
    if not isinstance(template, str):
        return template
    whole = template.removeprefix("{").removesuffix("}")
    if template == f"{{{whole}}}" and whole in arguments:
        return arguments[whole]
    return template.format_map(arguments)


def trimmed(value: Any, keep: Any) -> Any:
    """What `keep` (see `osm_tools.KEEP`) leaves of a reply."""
    if isinstance(keep, list):
        return [trimmed(item, keep[0]) for item in value]
    if isinstance(keep, dict):
        return {name: _field(value, name, how) for name, how in keep.items() if _present(value, name, how)}
    return plain(float(value)) if keep == "number" else value


def _present(value: Any, name: str, how: Any) -> bool:
    return isinstance(value, dict) and ("osm_id" if how == "id" else name) in value


def _field(value: dict[str, Any], name: str, how: Any) -> Any:
    if how == "id":
        return f"{value['osm_type'][0].upper()}{value['osm_id']}"
    return trimmed(value[name], how)
