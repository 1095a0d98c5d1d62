"""The prover: rules that hold are proved, and a wrong rule is refused with the two responses side by side."""

import asyncio
from typing import Any

import pytest
import toy_api as toys

from tool_orch_env.record.client import Unkept
from tool_orch_env.record.prove import PROBES, Proof, prove, proved, refusals
from tool_orch_env.snapshot.catalog import Catalog, ToolSpec


def only(tool: str, **changed: Any) -> Catalog:
    return Catalog([ToolSpec.model_validate({"name": tool, **toys.SPECS[tool], "sources": {}, **changed})])


def proofs_of(
    api: toys.Api, tools: Catalog = toys.CATALOG, count: int = PROBES, seed: int = 0
) -> list[Proof]:
    records = [record for record in toys.recorded(api) if record.tool in tools]
    return asyncio.run(prove(api, tools, records, count, seed))


@pytest.fixture(scope="module")
def proofs() -> list[Proof]:
    return proofs_of(toys.Api())


def test_rules_that_hold_are_proved_with_300_probes_or_all_there_are(proofs: list[Proof]) -> None:
    assert refusals(proofs) == []
    kinds = ["fold", "prefix", "filter", "complete", "together"]
    assert [proof.rule for proof in proofs if proof.tool == "shops"] == kinds
    assert all(proof.probes == PROBES or proof.every for proof in proofs)
    assert sum(proof.overlaps for proof in proofs) > 0


def test_probes_cover_the_edges(proofs: list[Proof]) -> None:
    strata = {(proof.tool, proof.rule): set(proof.strata) for proof in proofs}
    assert {
        "one, several elements",
        "beyond, several elements",
        "all, several elements",
        "beyond, an error",
    } <= strata["near", "prefix"]
    assert {"edge, several elements", "none, several elements"} <= strata["near", "threshold"]
    assert {"a part, several elements", "other case, no element", "elsewhere, no element"} <= strata[
        "shops", "filter"
    ]
    assert {"swapped", "repeated", "one unknown", "only unknown", "10 items"} <= strata["lookup", "concat"]
    assert {"drawn", "near", "mixed"} <= strata["get", "complete"]


WRONG = [
    (toys.SortsAfterCutting, "shops", "prefix", "record every limit"),
    (toys.FiltersByPrefix, "shops", "filter", "record every value"),
    (toys.OpenRadius, "near", "threshold", "record every bound"),
    (toys.SortsIds, "lookup", "concat", "record the lists"),
    (toys.KeepsRepeats, "lookup", "concat", "record the lists"),
    (toys.DependsOnShape, "walks", "concat", "record the lists"),
    (toys.KnowsMore, "get", "complete", "record all calls of the domain"),
    (toys.KnowsCase, "shops", "fold", "declare fewer foldings"),
    (toys.RoundsOtherwise, "convert", "arithmetic", "record the values"),
]


@pytest.mark.parametrize(
    ("api", "tool", "rule", "remedy"), WRONG, ids=lambda one: getattr(one, "__name__", "")
)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_rule_is_refused(api: type[toys.Api], tool: str, rule: str, remedy: str, seed: int) -> None:
    proofs = proofs_of(api(), only(tool), seed=seed)
    refused = [proof for proof in proofs if proof.refused]
    assert {proof.rule for proof in refused} - {"together"} == {rule}
    assert all(part in refusals(refused)[0] for part in ("the API  ", "derived  ", remedy))


def test_a_refused_rule_is_left_out_of_the_catalog() -> None:
    proofs = proofs_of(toys.KnowsMore(), only("get"))
    assert proved(only("get"), proofs)["get"].spec.derive == ()
    assert proved(toys.CATALOG, proofs)["lookup"].spec.derive == toys.CATALOG["lookup"].spec.derive


def test_sets_that_the_api_keeps_in_order_are_refused() -> None:
    tools = only("lookup", derive=[], set_like=["ids"])
    [proof] = proofs_of(toys.Api(), tools)
    assert proof.rule == "fold" and "swapped" in proof.refused


def test_an_api_that_does_not_answer_proves_nothing() -> None:
    class Silent(toys.Api):
        async def ask(self, tool: str, arguments: dict[str, Any]) -> Any:
            return Unkept("the connection failed", lasting=False)

    [proof] = proofs_of(Silent(), only("get"))
    assert "gave no answer to compare with: the connection failed" in proof.refused


def test_a_rule_that_nothing_follows_from_is_refused() -> None:
    [proof] = asyncio.run(prove(toys.Api(), only("get"), []))
    assert "no call was found to try it on" in proof.refused


def test_the_same_seed_asks_the_same_probes() -> None:
    first, second = (proofs_of(toys.Api(), only("near"), 50, seed=3) for _ in range(2))
    assert first == second and [proof.as_dict() for proof in first]
