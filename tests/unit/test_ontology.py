"""The schema: what it answers, what it refuses and in which words."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relex_kg.errors import SchemaError
from relex_kg.ontology import (
    MAX_FILE_BYTES,
    AskedRelation,
    EntityType,
    RelationType,
    Schema,
    entity_type_name,
    relation_type_name,
)

ENTITIES = {"Person": {"label": "person"}, "Firm": {"label": "company"}}
WORKS_FOR = {"label": "works for", "inverse": "employs", "head": ["Person"], "tail": ["Firm"]}
KNOWS = {"label": "knows", "symmetric": True, "head": ["Person"], "tail": ["Person"]}


def schema(**changes: Any) -> Schema:
    relations = {"WORKS_FOR": WORKS_FOR, "KNOWS": KNOWS}
    return Schema.model_validate({"name": "small", "entities": ENTITIES, "relations": relations} | changes)


def complaint_about(tmp_path: Path, text: str) -> str:
    """What loading ``text`` as a schema file complains of, the folder's name left out."""
    path = tmp_path / "mine.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        Schema.load(path)
    return str(caught.value).replace(f"{tmp_path}/", "")


class TestAnswers:
    def test_labels_are_asked_in_order_each_before_its_inverse(self) -> None:
        assert schema().entity_labels == ("person", "company")
        assert schema().relation_labels == ("works for", "employs", "knows")

    def test_a_label_leads_back_to_its_type_and_direction(self) -> None:
        assert schema().entity_by_label == {"person": "Person", "company": "Firm"}
        assert schema().relation_by_label == {
            "works for": AskedRelation("WORKS_FOR", inverted=False),
            "employs": AskedRelation("WORKS_FOR", inverted=True),
            "knows": AskedRelation("KNOWS", inverted=False),
        }

    def test_a_signature_is_directed(self) -> None:
        assert schema().allows("WORKS_FOR", head="Person", tail="Firm")
        assert not schema().allows("WORKS_FOR", head="Firm", tail="Person")

    def test_labels_are_put_on_one_line(self) -> None:
        assert EntityType(label="  movie \n star ").label == "movie star"

    def test_the_fingerprint_ignores_names_and_descriptions(self) -> None:
        described = schema(
            name="other", description="x", entities=ENTITIES | {"Person": {"label": "person", "description": "y"}}
        )
        assert described.fingerprint == schema().fingerprint
        assert re.fullmatch("[0-9a-f]{16}", schema().fingerprint)

    @pytest.mark.parametrize(
        "changed",
        [
            {"entities": ENTITIES | {"Person": {"label": "human"}}},
            {"entities": ENTITIES | {"Person": {"label": "person", "threshold": 0.4}}},
            {"relations": {"WORKS_FOR": WORKS_FOR}},
            {"relations": {"WORKS_FOR": WORKS_FOR | {"inverse": None}, "KNOWS": KNOWS}},
        ],
    )
    def test_the_fingerprint_tells_what_changes_an_extraction(self, changed: dict[str, Any]) -> None:
        assert schema(**changed).fingerprint != schema().fingerprint


class TestContradictions:
    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            (
                {"entities": ENTITIES | {"Chunk": {"label": "chunk"}}},
                "the name Chunk is reserved for the graph's own bookkeeping. Fix: choose another name, such as Chunk_.",
            ),
            (
                {"relations": {"HEAD": KNOWS}},
                "the name HEAD is reserved for the graph's own bookkeeping. Fix: choose another name, such as HEAD_.",
            ),
            (
                {"entities": ENTITIES | {"VIP": {"label": "boss"}}, "relations": {"VIP": KNOWS}},
                "VIP names both an entity type and a relation. Fix: rename one of them.",
            ),
            (
                {"entities": ENTITIES | {"Human": {"label": "PERSON"}}},
                "entity type Human has the label 'PERSON', which Person has already. "
                "Fix: word one of them differently.",
            ),
            (
                {"relations": {"WORKS_FOR": WORKS_FOR, "EMPLOYS": WORKS_FOR | {"label": "Employs", "inverse": None}}},
                "relation EMPLOYS has the label 'Employs', which WORKS_FOR has already. "
                "Fix: word one of them differently.",
            ),
            (
                {"relations": {"WORKS_FOR": WORKS_FOR | {"inverse": "works for"}}},
                "relation WORKS_FOR has the same label 'works for' in both directions. "
                "Fix: leave 'inverse' out; where it holds both ways, set symmetric.",
            ),
            (
                {"relations": {"WORKS_FOR": WORKS_FOR | {"tail": ["Bank"]}}},
                "relation WORKS_FOR has tail 'Bank', which is not an entity type of this schema. "
                "Fix: use one of Person, Firm.",
            ),
            (
                {"relations": {"WORKS_FOR": WORKS_FOR | {"head": ["Person", "Person"]}}},
                "relation WORKS_FOR has head 'Person' twice. Fix: leave one of them out.",
            ),
            (
                {"relations": {"KNOWS": KNOWS | {"inverse": "is known by"}}},
                "relation KNOWS is symmetric and has an inverse; its label says both directions already. "
                "Fix: leave 'inverse' out.",
            ),
            (
                {"relations": {"KNOWS": KNOWS | {"tail": ["Person", "Firm"]}}},
                "relation KNOWS is symmetric, but its head and its tail name different types. "
                "Fix: give both the same types, or leave 'symmetric' out.",
            ),
        ],
    )
    def test_each_is_named_with_its_fix(self, changes: dict[str, Any], complaint: str) -> None:
        with pytest.raises(SchemaError) as caught:
            schema(**changes)
        assert str(caught.value) == complaint

    def test_a_schema_built_from_parts_is_checked_too(self) -> None:
        with pytest.raises(SchemaError, match="head 'persn', which is not an entity type"):
            Schema(
                name="parts",
                entities={"Person": EntityType(label="person")},
                relations={"KNOWS": RelationType(label="knows", head=("persn",), tail=("Person",))},
            )

    @pytest.mark.parametrize("label", ["a <<ENT>> b", "<<SEP>>", "a\x07b", "", " ", "x" * 201])
    def test_a_label_that_would_break_the_prompt_is_refused(self, label: str) -> None:
        with pytest.raises(SchemaError):
            schema(entities={"Person": {"label": label}})


class TestLoading:
    def test_a_file_gives_the_schema_it_describes(self, tmp_path: Path) -> None:
        path = tmp_path / "small.yaml"
        path.write_text(
            dedent("""\
                name: small
                entities:
                  Person: {label: person}
                  Firm: {label: company}
                relations:
                  WORKS_FOR: {label: works for, inverse: employs, head: [Person], tail: [Firm]}
                  KNOWS: {label: knows, symmetric: true, head: [Person], tail: [Person]}
                """)
        )
        assert Schema.load(path) == Schema.load(str(path)) == schema()

    def test_everything_wrong_is_reported_with_its_line(self, tmp_path: Path) -> None:
        assert complaint_about(
            tmp_path,
            """\
            name: mine
            entitties:
              X: {label: x}
            entities:
              Person: {label: person, treshold: 0.4}
              movie star: {label: movie star}
              Place: place
              Firm: {label: 12}
              Firm: {label: company}
              Town: {label: town, threshold: 1.5}
            relations:
              WORKS_FOR:
                label: works for
                head: [Persn]
                tail:
                  - Person
                  - frm
                  - 7
              LIVES_IN: {head: Person, tail: []}
            """,
        ).splitlines() == [
            "mine.yaml, line 2: the schema has an unknown key 'entitties'. Fix: write 'entities'.",
            "mine.yaml, line 5: entity type Person has an unknown key 'treshold'. Fix: write 'threshold'.",
            "mine.yaml, line 6: 'movie star' cannot name an entity type: a name is a capital, then letters, digits "
            "and underscores of the Latin alphabet, 64 at most. Fix: write 'MovieStar'.",
            "mine.yaml, line 7: entity type Place has 'place', which does not fit. "
            "Fix: write an indented block with 'label:' and what else is needed.",
            "mine.yaml, line 8: entity type Firm has 12 as 'label', which does not fit. "
            "Fix: write text, in quotes where it looks like a number or a date.",
            "mine.yaml, line 9: 'Firm' stands here again; it stands at line 8 already. Fix: keep one of them.",
            "mine.yaml, line 10: entity type Town has 1.5 as 'threshold', which does not fit. "
            "Fix: write a number between 0 and 1, such as 0.5.",
            "mine.yaml, line 14: relation WORKS_FOR has head 'Persn', which is not an entity type of this schema. "
            "Fix: write 'Person'.",
            "mine.yaml, line 17: relation WORKS_FOR has tail 'frm', which is not an entity type of this schema. "
            "Fix: write 'Firm'.",
            "mine.yaml, line 18: relation WORKS_FOR has 7 as 'tail', which does not fit. "
            "Fix: write text, in quotes where it looks like a number or a date.",
            "mine.yaml, line 19: relation LIVES_IN has no 'label'. Fix: add 'label:'.",
            "mine.yaml, line 19: relation LIVES_IN has 'Person' as 'head', which does not fit. "
            "Fix: write a list, such as [Person, Organization].",
            "mine.yaml, line 19: relation LIVES_IN has nothing under 'tail'. Fix: name at least one entity type.",
        ]

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "mine.yaml, line 1: a schema starts with keys such as 'name:' and 'entities:'"),
            ("- a", "mine.yaml, line 1: a schema starts with keys"),
            ("name: x\nentities: a: b", "mine.yaml, line 2: not valid YAML: mapping values are not allowed here"),
            ("name: x\n---\nname: y", "mine.yaml, line 2: not valid YAML: but found another document"),
            ("name: x\n[a]: 1", "mine.yaml, line 2: not valid YAML: a key must be a single word"),
            ("name: x\nday: 2020-13-45", "mine.yaml, line 2: not valid YAML: month must be in 1..12"),
            ("name: !!python/name:os.system x", "mine.yaml, line 1: not valid YAML: could not determine a constructor"),
            ("a: &a [x, x]\nb: [*a, *a]", "mine.yaml, line 1: anchors and aliases ('&a', '*a') are not accepted"),
            ("name: " + "[" * 50_000, "mine.yaml, line 1: nested deeper than 16 levels"),
            ("name: " + "x" * MAX_FILE_BYTES, "mine.yaml is larger than 1,000,000 bytes"),
        ],
    )
    def test_what_is_not_a_schema_file_is_refused(self, tmp_path: Path, text: str, complaint: str) -> None:
        assert complaint_about(tmp_path, text).startswith(complaint)

    def test_bytes_that_are_not_utf8_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.yaml"
        path.write_bytes(b"name: x\ndescription: caf\xe9")
        with pytest.raises(SchemaError, match=r"latin\.yaml, line 2: not UTF-8 text"):
            Schema.load(path)

    def test_an_unknown_name_is_answered_with_the_nearest_ready_schema(self) -> None:
        with pytest.raises(SchemaError, match=r"no schema file 'generl'.*write 'general'"):
            Schema.load("generl")


class TestDocumentation:
    PAGE = (Path(__file__).parents[2] / "docs" / "schemas.md").read_text(encoding="utf-8")

    def example(self) -> str:
        return self.PAGE.split("```yaml\n")[1].split("```")[0]

    def test_the_example_is_a_schema(self, tmp_path: Path) -> None:
        path = tmp_path / "shipping.yaml"
        path.write_text(self.example(), encoding="utf-8")
        shipping = Schema.load(path)
        assert shipping.relation_labels == ("owned by", "owner of", "captain", "home port", "sister ship")
        assert shipping.entities["Company"].threshold == 0.4

    def test_the_complaints_shown_are_those_of_the_example_with_two_slips(self, tmp_path: Path) -> None:
        path = tmp_path / "shipping.yaml"
        slips = (
            self.example().replace("{label: person}", "{label: person, treshold: 0.4}").replace("[Ship]", "[Shipp]", 1)
        )
        path.write_text(slips, encoding="utf-8")
        with pytest.raises(SchemaError) as caught:
            Schema.load(path)
        shown = self.PAGE.split("```text\n")[1].split("\n```")[0]
        assert str(caught.value).replace(f"{tmp_path}/", "") == shown


class TestReadySchemas:
    def test_all_are_listed(self) -> None:
        assert Schema.ready() == ("biomedicine", "companies", "general", "science")

    @pytest.mark.parametrize("name", Schema.ready())
    def test_each_loads_and_bears_its_files_name(self, name: str) -> None:
        assert Schema.load(name).name == name

    def test_general_asks_for_people_at_work(self) -> None:
        general = Schema.load("general")
        assert tuple(general.entities) == (
            "Person", "Organization", "Place", "Date", "Event", "Work", "Product", "Group"
        )  # fmt: skip
        assert general.relation_by_label["employer"] == AskedRelation("WORKS_FOR", inverted=False)


class TestFromLabels:
    def test_names_are_derived_and_any_type_may_stand_at_either_end(self) -> None:
        made = Schema.from_labels(["movie star", "town"], ["place of birth"])
        assert made.entity_by_label == {"movie star": "MovieStar", "town": "Town"}
        assert made.relation_by_label == {"place of birth": AskedRelation("PLACE_OF_BIRTH", inverted=False)}
        assert made.allows("PLACE_OF_BIRTH", head="Town", tail="MovieStar")

    def test_taken_names_get_an_underscore(self) -> None:
        made = Schema.from_labels(["document", "VIP"], ["head", "VIP"])
        assert tuple(made.entities) == ("Document_", "VIP")
        assert tuple(made.relations) == ("HEAD_", "VIP_")

    def test_no_relations_are_needed(self) -> None:
        assert Schema.from_labels(["town"], []).relation_labels == ()

    @pytest.mark.parametrize(
        ("entities", "relations", "complaint"),
        [
            ([], ["in"], "the schema has nothing under 'entities'"),
            ([" "], [], "an empty entity label was given"),
            (["town"], [""], "an empty relation label was given"),
            (["town", "Town"], [], "the entity labels 'town' and 'Town' would both be stored as Town"),
            (["town"], ["in", "in"], "the relation labels 'in' and 'in' would both be stored as IN"),
            (["x" * 300], [], "entity type X"),
        ],
    )
    def test_empty_and_double_labels_are_refused(
        self, entities: list[str], relations: list[str], complaint: str
    ) -> None:
        with pytest.raises(SchemaError) as caught:
            Schema.from_labels(entities, relations)
        assert str(caught.value).startswith(complaint)

    @given(st.text(min_size=1, max_size=200))
    def test_any_label_gives_valid_names(self, label: str) -> None:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,63}", entity_type_name(label))
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", relation_type_name(label))

    def test_labels_in_other_scripts_stay_apart(self) -> None:
        assert len({entity_type_name(label) for label in ("лицо", "место", "人", "組織", "place 2", "место 2")}) == 6
