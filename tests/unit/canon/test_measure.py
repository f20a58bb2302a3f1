"""What bench/resolve.py counts, on texts whose figures can be worked out by hand."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))
from resolve import Score, b_cubed, errors, exact, grow, plain_ratio, read_annotated, resolved

_TEXT = "Marie Curie met Pierre Curie. Curie and she left IBM, the IBM of old."
_NAMES = [("Marie Curie", "person"), ("Pierre Curie", "person"), ("Curie and", "person"), ("she", "person")]


@pytest.fixture
def annotated(tmp_path):
    entities = [
        {"start": _TEXT.index(name), "end": _TEXT.index(name) + len(name.removesuffix(" and")), "type": type}
        for name, type in _NAMES
    ]
    entities[3]["reference"] = True
    entities += [
        {"start": start, "end": start + 3, "type": "company"} for start in (_TEXT.index("IBM"), _TEXT.rindex("IBM"))
    ]
    record = {
        "id": "a",
        "text": _TEXT,
        "entities": entities,
        "relations": [],
        "entity_types": None,
        "relation_types": None,
        "pairs": "given",
        "clusters": [[0, 2, 3], [1], [4, 5]],
        "cluster_relations": [],
        "references": True,
    }
    unclustered = record | {"id": "b", "entities": entities[:3], "references": False}
    del unclustered["clusters"]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record) + "\n" + json.dumps(unclustered), "utf-8")
    return read_annotated(path)


def test_references_and_texts_without_clusters_are_left_out(annotated):
    texts = ["Marie Curie", "Pierre Curie", "Curie", "IBM", "IBM"]
    assert [mention.text for mention in annotated.mentions] == texts


def test_scores_by_type(annotated):
    # "Curie" goes with Pierre, who is named last before it
    assert b_cubed(annotated, resolved(annotated.mentions)) == {
        "all": Score(5, 4 / 5, 4 / 5),
        "person": Score(3, 2 / 3, 2 / 3),
        "company": Score(2, 1.0, 1.0),
    }
    assert b_cubed(annotated, exact(annotated.mentions))["person"] == Score(3, 1.0, 2 / 3)
    assert b_cubed(annotated, plain_ratio(annotated.mentions))["person"] == Score(3, pytest.approx(5 / 9), 1.0)


def test_errors_are_listed(annotated):
    assert errors(annotated, resolved(annotated.mentions)) == {
        ("merged", "person", "Curie", "Pierre Curie"): 1,
        ("parted", "person", "Curie", "Marie Curie"): 1,
    }


def test_growth_is_one_row_a_size():
    names, *_, entities = grow(200).split()
    assert (names, int(entities) <= 200) == ("200", True)
