"""Reading records: both formats, whole, and every way a line can be wrong."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.errors import DataError
from relex_kg.training.data import LabelledRelation, LabelledSpan, Record, read_records

TEXT = "Ada Lovelace knew Charles Babbage."
LINE: dict[str, Any] = {
    "id": "small-1",
    "text": TEXT,
    "entities": [
        {"start": 0, "end": 12, "type": "person"},
        {"start": 18, "end": 33, "type": "person"},
        {"start": 4, "end": 12, "type": "person"},
    ],
    "relations": [{"head": 0, "tail": 1, "type": "knows"}],
    "entity_types": ["person", "place"],
    "relation_types": None,
    "pairs": "all",
}


def write(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "data.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_a_line_becomes_the_record_it_describes(tmp_path: Path) -> None:
    whole = LINE | {
        "no_relation_pairs": [[1, 2]],
        "clusters": [[0, 2], [1]],
        "cluster_relations": [{"head": 0, "tail": 1, "type": "knows"}],
        "doc": "lives",
        "domain": "history",
        "annotator": "unknown fields are ignored",
    }
    assert list(read_records(write(tmp_path, whole))) == [
        Record(
            id="small-1",
            text=TEXT,
            entities=(LabelledSpan(0, 12, "person"), LabelledSpan(18, 33, "person"), LabelledSpan(4, 12, "person")),
            relations=(LabelledRelation(0, 1, "knows"),),
            entity_types=("person", "place"),
            relation_types=None,
            pairs="all",
            no_relation_pairs=((1, 2),),
            clusters=((0, 2), (1,)),
            cluster_relations=(LabelledRelation(0, 1, "knows"),),
            document="lives",
            domain="history",
            title=None,
            references=False,
        )
    ]


def test_optional_fields_may_be_left_out(tmp_path: Path) -> None:
    [record] = read_records(write(tmp_path, {key: LINE[key] for key in ("text", "entities", "relations", "pairs")}))
    assert (record.id, record.entity_types, record.clusters, record.document) == ("data.jsonl:1", None, None, None)


def test_references_and_titles(tmp_path: Path) -> None:
    entities = [LINE["entities"][0], LINE["entities"][1] | {"reference": True}]
    line = {"text": LINE["text"], "entities": entities, "relations": [], "pairs": "all"}
    marked = {"references": True, "clusters": [[0, 1]], "cluster_relations": [], "title": "Ada Lovelace"}
    [record] = read_records(write(tmp_path, line | marked))
    assert [entity.reference for entity in record.entities] == [False, True]
    assert (record.references, record.title) == (True, "Ada Lovelace")


def test_gzip_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl.gz"
    path.write_bytes(gzip.compress(f"\n{json.dumps(LINE)}\n\n{json.dumps(LINE)}".encode()))
    assert [record.id for record in read_records(path)] == ["small-1", "small-1"]


def test_line_separators_inside_a_text_do_not_end_its_line(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    text = "Ada\u2028Lovelace\u0085"
    path.write_text(json.dumps(LINE | {"text": text * 3}, ensure_ascii=False), encoding="utf-8")
    assert [record.text for record in read_records(path)] == [text * 3]


def test_the_reference_format_counts_words(tmp_path: Path) -> None:
    line = {
        "tokenized_text": ["Ada", "Lovelace", "knew", "Charles", "Babbage", "."],
        "ner": [[0, 1, "person"], [3, 4, "person"]],
        "relations": [[0, 1, "knows"]],
    }
    [record] = read_records(write(tmp_path, line))
    assert record.text == "Ada Lovelace knew Charles Babbage ."
    assert [record.text[span.start : span.end] for span in record.entities] == ["Ada Lovelace", "Charles Babbage"]
    assert record.relations == (LabelledRelation(0, 1, "knows"),)
    assert (record.entity_types, record.relation_types, record.pairs) == (None, None, "all")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), min_size=1), st.data())
def test_a_word_span_covers_its_words(tmp_path_factory: pytest.TempPathFactory, words: list[str], data: Any) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    folder = tmp_path_factory.mktemp("words")
    [record] = read_records(write(folder, {"tokenized_text": words, "ner": [[first, last, "x"]]}))
    [span] = record.entities
    assert record.text[span.start : span.end] == " ".join(words[first : last + 1])


ENTITY = LINE["entities"][0]
MALFORMED = [
    ({"text": None}, "'text' is missing, not a string. Fix: add the text that the offsets count in."),
    ({"text": "\ud83d"}, "'text' holds half a surrogate pair (\\ud800 to \\udfff). Fix: write the whole character."),
    (
        {"relations": [{"head": 0, "tail": 1, "type": "\ud83d"}]},
        "the type of relations[0] holds half a surrogate pair (\\ud800 to \\udfff). Fix: write the whole character.",
    ),
    (
        {"entities": [ENTITY | {"reference": 1}]},
        "'reference' of entities[0] is 1. Fix: write true for a pronoun or a noun.",
    ),
    (
        {"references": "all"},
        "'references' is \"all\". Fix: write true where all pronouns and nouns that stand for a name are marked.",
    ),
    (
        {"entities": [ENTITY | {"reference": True}], "clusters": None, "relations": [], "no_relation_pairs": []},
        'an entity is a reference, but the record does not say that all are marked. Fix: write "references": true.',
    ),
    (
        {"references": True, "clusters": None},
        "'references' is true without 'clusters'. Fix: say in 'clusters' what each stands for.",
    ),
    ({"entities": {}}, "'entities' is {}, not a list. Fix: write \"entities\": [] where there is nothing."),
    ({"entities": [3]}, 'entities[0] is 3, not an object. Fix: write {"start": 0, "end": 4, "type": "person"}.'),
    (
        {"entities": [ENTITY | {"end": 35}]},
        "entities[0] runs from 0 to 35 in a text of 34 characters. "
        "Fix: count characters from 0, with 'end' one past the last.",
    ),
    (
        {"entities": [ENTITY | {"start": True}]},
        "entities[0] runs from true to 12 in a text of 34 characters. "
        "Fix: count characters from 0, with 'end' one past the last.",
    ),
    (
        {"entities": [ENTITY | {"type": " "}]},
        'entities[0] has the type " ". Fix: give the type as a word or a phrase.',
    ),
    (
        {"relations": [{"head": 0, "tail": 3, "type": "knows"}]},
        "relations[0] points at 3, and there are 3 entities. Fix: give a position in 'entities', counted from 0.",
    ),
    (
        {"relations": [{"head": -1, "tail": 1, "type": "knows"}]},
        "relations[0] points at -1, and there are 3 entities. Fix: give a position in 'entities', counted from 0.",
    ),
    (
        {"relations": [{"head": 1, "tail": 1, "type": "knows"}]},
        "relations[0] relates entities[1] to itself. Fix: leave it out.",
    ),
    (
        {"relations": [[0, 1, "knows"]]},
        'relations[0] is [0, 1, "knows"], not an object. Fix: write {"head": 0, "tail": 1, "type": "…"}.',
    ),
    (
        {"entity_types": ["place"]},
        "'entity_types' does not list the type \"person\", which the record uses. "
        "Fix: add it to the list, or write null where not all types are marked.",
    ),
    (
        {"relation_types": "knows"},
        "'relation_types' is \"knows\". Fix: give a list of types, or null where not all are marked.",
    ),
    (
        {"pairs": "some"},
        "'pairs' is \"some\". "
        'Fix: write "all" where every pair of entities was judged, "given" where only the listed ones were.',
    ),
    (
        {"no_relation_pairs": [[0]]},
        "no_relation_pairs[0] is [0]. Fix: write two positions, such as [0, 1].",
    ),
    (
        {"clusters": [[0, 9]], "cluster_relations": []},
        "clusters[0] points at 9, and there are 3 entities. Fix: give positions in 'entities', counted from 0.",
    ),
    (
        {"clusters": [[0], [1]]},
        "'cluster_relations' is missing, not a list. Fix: write \"cluster_relations\": [] where there is nothing.",
    ),
    (
        {"tokenized_text": ["Ada"], "ner": [[0, 1, "person"]]},
        "ner[0] runs from word 0 to word 1 of 1. Fix: count words from 0; the last word is included.",
    ),
    (
        {"tokenized_text": ["Ada"], "ner": [[0, 0]]},
        'ner[0] is [0, 0]. Fix: write three values, such as [0, 1, "person"].',
    ),
]


@pytest.mark.parametrize(("changes", "complaint"), MALFORMED)
def test_a_malformed_line_is_named_with_its_fix(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    path = write(tmp_path, LINE, LINE | changes)
    with pytest.raises(DataError) as caught:
        list(read_records(path))
    assert str(caught.value) == f"{path}, line 2: {complaint}"


@pytest.mark.parametrize("line", ["{", "[1]", "[" * 100_000, '{"text": ' + "9" * 5000 + "}"])
def test_what_is_not_an_object_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(line)
    with pytest.raises(DataError, match=r"data\.jsonl, line 1: not"):
        list(read_records(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.jsonl.gz", gzip.compress(b"x" * 1000)[:-12]),
        ("plain.jsonl.gz", b"{}"),
        ("latin.jsonl", b'{"text": "caf\xe9"}'),
    ],
    ids=["cut", "not compressed", "not UTF-8"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=name):
        list(read_records(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="check the path"):
        list(read_records(tmp_path / "none.jsonl"))


def test_the_examples_of_the_documentation_are_records(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "data-format.md").read_text(encoding="utf-8")
    examples = [json.loads(part.split("```")[0]) for part in page.split("```json\n")[1:]]
    ours, referring, reference = read_records(write(tmp_path, *examples))
    names = [ours.text[span.start : span.end] for span in ours.entities]
    assert names == ["Rosalind", "Hull", "Ines Duarte", "Duarte", "Porto"]
    named = [(referring.text[span.start : span.end], span.reference) for span in referring.entities]
    assert named == [("Rosalind", False), ("Duarte", False), ("She", True), ("Porto", False)]
    assert [reference.text[span.start : span.end] for span in reference.entities] == ["Rosalind", "Ines Duarte"]
