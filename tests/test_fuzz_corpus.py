"""What the fuzzer kept holds every law, by plain Python: the corpus of tests/fuzz, without atheris."""

import pytest
from fuzz import corpus
from fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_input_holds_the_law_of_its_target(target: str) -> None:
    kept = corpus.read(target)
    assert kept, f"tests/fuzz/corpus/{target}.zip holds no input"
    for data in (*TARGETS[target].seeds, *kept):
        TARGETS[target].law(data)
