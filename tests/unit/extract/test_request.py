"""What a schema or bare labels ask for."""

from relex_kg.extract.request import EntityLabel, RelationLabel, Request
from relex_kg.ontology import Schema


def test_bare_labels_ask_for_any_relation_between_any_two_mentions() -> None:
    request = Request.of_labels(["person", "place"], ["born in"], entity_threshold=0.3, relation_threshold=0.6)
    both = frozenset({"person", "place"})
    assert request.entities == (EntityLabel("person", 0.3), EntityLabel("place", 0.3))
    assert request.relations == (RelationLabel("born in", 0.6, both, both),)


def test_a_schema_asks_in_its_labels_with_its_thresholds_and_for_inverse_phrases_backwards() -> None:
    schema = Schema.model_validate(
        {
            "name": "test",
            "entities": {
                "Person": {"label": "human being", "threshold": 0.4},
                "Firm": {"label": "company"},
                "Club": {"label": "club"},
            },
            "relations": {
                "WORKS_FOR": {
                    "label": "works for",
                    "inverse": "employs",
                    "head": ["Person"],
                    "tail": ["Firm", "Club"],
                    "threshold": 0.8,
                },
                "KNOWS": {"label": "knows", "head": ["Person"], "tail": ["Person"], "symmetric": True},
            },
        }
    )
    people, employers = frozenset({"human being"}), frozenset({"company", "club"})
    assert Request.of_schema(schema) == Request(
        (EntityLabel("human being", 0.4), EntityLabel("company", 0.5), EntityLabel("club", 0.5)),
        (
            RelationLabel("works for", 0.8, people, employers),
            RelationLabel("employs", 0.8, employers, people),
            RelationLabel("knows", 0.5, people, people),
        ),
    )
