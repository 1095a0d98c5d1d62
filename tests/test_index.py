"""The index of synthesis: the links that the definition asks for, kept on disk beside the store of a large snapshot."""

import json
import multiprocessing
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tool_orch_env.errors import SnapshotError
from tool_orch_env.language import corpus as corpus_module
from tool_orch_env.snapshot import Snapshot, kept
from tool_orch_env.synth import index as index_module
from tool_orch_env.synth.index import Bind, Index, Item, _named, _pattern, argument
from tool_orch_env.synth.links import spots
from tool_orch_env.synth.masks import Masks
from tool_orch_env.synth.ragged import Ragged
from tool_orch_env.synth.shapes import Tree, forests
from tool_orch_env.synth.synthesise import synthesise
from tool_orch_env.synth.targets import Targets, weights

CORPUS = Path(__file__).parent / "corpora" / "travel"
"""Some 550 responses of `travel` 1.1: pairs of calls can be counted one by one."""
BOOK = Path(index_module.__file__).parent.parent / "language" / "books" / "travel.toml"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def demo(cache: Path) -> Snapshot:
    return Snapshot.open("demo", where="disk")


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Snapshot.open(CORPUS))


# Links.


def defined(index: Index, source: int) -> Iterator[tuple[int, Item, tuple[Bind, ...]]]:
    """Every link out of a response, by the definition: target, item and binds, call by call."""
    call, entry, own = index.calls[source], index.entry(source), set(index.forms[source].values())
    found: dict[tuple[int, Item], dict[str, Bind]] = defaultdict(dict)
    for edge in (edge for edge in index.edges if edge.source.tool == call.tool):
        if entry.relation(edge.source.pattern) is None:
            continue
        for item, place, text in spots(call.response, edge.source.pattern):
            if text in own or (item and not index.choices(source, *item)):
                continue
            for target in TAKERS[id(index)][edge.target.tool, edge.target.parameter, text]:
                for name, value in index.forms[target].items():
                    if value == text and _pattern(name) == edge.target.parameter and target != source:
                        found[target, item].setdefault(name, Bind(name, place, text))
    for (target, item), binds in sorted(found.items(), key=lambda pair: (pair[0][0], str(pair[0][1]))):
        hidden, arguments = index.entry(target).hidden, index.calls[target].arguments
        left = index.forms[target].keys() - binds.keys()
        tool = index.snapshot.catalog[index.calls[target].tool]
        if not any(name.startswith("/") or name in hidden for name in left) and any(
            argument(arguments, name) not in _named(tool, name) for name in binds
        ):
            yield target, item, tuple(binds.values())


TAKERS: dict[int, dict[tuple[str, str, str], list[int]]] = {}


@pytest.fixture
def taking(index: Index) -> Index:
    """The index, with the calls that take each value, as a list."""
    takers = TAKERS[id(index)] = defaultdict(list)
    for number, call in enumerate(index.calls):
        forms = index.forms[number]
        if index.askable(number) and sum(name.startswith("/") for name in forms) <= index_module.MAX_PARTS:
            for flow in sorted({(call.tool, _pattern(name), text) for name, text in forms.items()}):
                takers[flow].append(number)
    return index


def test_the_links_of_travel_are_those_of_the_definition(taking: Index) -> None:
    numbers = range(len(taking.calls))
    found = {n: [(link.target, link.item, link.binds) for link in taking.out(n)] for n in numbers}
    assert found == {number: list(defined(taking, number)) for number in numbers}
    assert sum(map(len, found.values())) > 1000


def test_the_links_into_a_call_are_those_out_of_the_response_that_lead_there(index: Index) -> None:
    for number in range(0, len(index.calls), 9):
        links = list(index.out(number))
        for target in {*(link.target for link in links), number}:
            assert index.into(number, target) == [link for link in links if link.target == target]
        assert set(index.links.fed(number).tolist()) == {link.target for link in links}


# Masks.


def counted(
    pairs: list[tuple[int, int]], calls: int, masks: dict[Tree, list[bool]], tree: Tree
) -> list[bool]:
    """The mask of a tree, from pairs of calls: every number of children has as many calls that can be there."""
    fed: dict[int, set[int]] = defaultdict(set)
    for source, target in pairs:
        fed[source].add(target)
    return [
        all(sum(masks[child][t] for t in fed[n]) >= tree.count(child) for child in tree)
        and sum(any(masks[child][t] for child in tree) for t in fed[n]) >= len(tree)
        for n in range(calls)
    ]


def test_a_mask_has_the_calls_that_feed_enough_different_ones(index: Index) -> None:
    pairs = [(source, t) for source in range(len(index.calls)) for t in index.links.out(source)[0].tolist()]
    masks: dict[Tree, list[bool]] = {(): index.links.wished.tolist()}
    trees = [tree for size in (1, 2, 3, 4) for tree in forests(size, 4, 4)]
    for tree in trees:
        masks[tree] = counted(pairs, len(index.calls), masks, tree)
        assert index.masks.mask(tree).tolist() == masks[tree], tree
    assert len({tuple(masks[tree]) for tree in trees}) > 5


def test_trees_with_equal_masks_share_them(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = Masks(index.links)
    tree: Tree = ()
    for _ in range(30):
        tree = (tree,)
        masks.mask(tree)
    monkeypatch.setattr(Masks, "_feed", pytest.fail)
    masks.mask((tree,))


# Flat arrays.


def test_a_ragged_array_groups_sorts_and_drops_repeats() -> None:
    ragged = Ragged.grouped(np.array([2, 0, 2, 2]), np.array([5, 1, 3, 5]), size=4)
    assert [ragged.row(number).tolist() for number in range(4)] == [[1], [], [3, 5], []]
    place, values = ragged.rows(np.array([2, 1, 2, 0]))
    assert (place.tolist(), values.tolist()) == ([0, 0, 2, 2, 3], [3, 5, 3, 5, 1])
    assert ragged.owner().tolist() == [0, 2, 2]


def test_sorted_texts_are_found_and_no_others() -> None:
    words = sorted(
        ["", "Zürich", "a", "ab", "漢字", "\ud800"], key=lambda text: text.encode("utf-8", "surrogatepass")
    )
    texts = kept.Texts.of(kept.Texts.arrays(words, "words"), "words")
    assert list(texts) == words
    assert [texts.find(word) for word in words] == list(range(len(words)))
    assert [texts.find(word) for word in ("A", "aa", "zz", "Zurich")] == [-1] * 4


# On disk.


def files(cache: Path, kind: str) -> list[Path]:
    return sorted(cache.glob(f"*.{kind}"))


def made(index: Index) -> list[str]:
    targets = Targets(calls=weights("2-3"), depth=weights("1-2"))
    return [task.model_dump_json() for task in synthesise(index, targets, 3, seed=3)]


def test_an_index_is_kept_beside_a_store_and_not_for_a_snapshot_in_memory(
    demo: Snapshot, cache: Path
) -> None:
    in_memory = Index(Snapshot.open("demo", where="memory"))
    assert not files(cache, corpus_module.KIND) and not files(cache, index_module.KIND)
    on_disk = Index(demo)
    assert len(files(cache, corpus_module.KIND)) == len(files(cache, index_module.KIND)) == 1
    assert made(on_disk) == made(in_memory) == made(Index(demo))
    assert on_disk.edges == in_memory.edges


def test_a_kept_index_is_opened_without_reading_a_response(
    demo: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Index(demo)
    for module in (corpus_module, index_module):
        monkeypatch.setattr(module, "arrays_of", pytest.fail)
    monkeypatch.setattr(Snapshot, "records", pytest.fail)
    assert made(Index(demo)) == made(first)


def test_every_phrase_book_has_an_index_of_its_own(demo: Snapshot, cache: Path, tmp_path: Path) -> None:
    Index(demo)
    book = tmp_path / "book.toml"
    book.write_text('never = ["limit", "name"]\n')
    Index(demo, book)
    Index(demo, book)
    assert len(files(cache, index_module.KIND)) == 2
    assert len(files(cache, corpus_module.KIND)) == 1


def spoilt(data: bytes) -> Iterator[bytes]:
    """Files that are not what was written: empty, cut, of another format, of another content, of objects."""
    yield b""
    yield data[: len(data) // 2]
    yield b"x" + data[1:]
    yield data[:8] + b"\xff" * 8 + data[16:]
    size = int.from_bytes(data[8:16], "little")
    header = json.loads(data[16 : 16 + size])
    first, *rest = header["arrays"]
    for wrong in (
        {**header, "content": "0" * 64},
        {**header, "arrays": [[first[0], "|O", first[2]], *rest]},
        {**header, "arrays": [[first[0], "<i8", [1 << 60]], *rest]},
        {**header, "arrays": [[first[0], "<i8", [-1]], *rest]},
        {**header, "arrays": "none"},
        {"arrays": header["arrays"]},
        [],
    ):
        text = json.dumps(wrong).encode()
        yield data[:8] + len(text).to_bytes(8, "little") + text + data[16 + size :]


@pytest.mark.parametrize("kind", [corpus_module.KIND, index_module.KIND])
def test_a_spoilt_file_is_replaced(demo: Snapshot, cache: Path, kind: str) -> None:
    expected = made(Index(demo))
    (file,) = files(cache, kind)
    good = file.read_bytes()
    for number, bad in enumerate(spoilt(good)):
        file.write_bytes(bad)
        assert made(Index(demo)) == expected, number
        assert file.read_bytes() == good, number


def test_a_cache_folder_that_cannot_be_written_is_one_clear_error(
    demo: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOOL_ORCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(SnapshotError, match="cache folder cannot be written"):
        Index(demo)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_named_as_the_reason(
    demo: Snapshot, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = kept._write
    monkeypatch.setattr(kept, "_write", lambda draft, *others: write(Path("/dev/full"), *others))
    with pytest.raises(SnapshotError, match="cannot be written: No space left"):
        Index(demo)
    assert not [*files(cache, corpus_module.KIND), *cache.glob("building-*")]


def _made_in(cache: str) -> list[str]:
    return made(Index(Snapshot.open("demo", where="disk")))


def test_several_processes_build_one_index_at_once(demo: Snapshot, cache: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        found = pool.map(_made_in, [str(cache)] * 4)
    assert found == [made(Index(demo))] * 4
    assert sorted(path.suffix for path in cache.iterdir()) == [
        f".{kind}" for kind in sorted([corpus_module.KIND, index_module.KIND, "store1"])
    ]
