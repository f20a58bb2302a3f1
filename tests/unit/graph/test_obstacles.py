import pytest

from relex_kg.graph.cypher import NEO4J
from relex_kg.graph.obstacles import Rule, described, obstacles, removal, rules

NODE = {"entityType": "NODE", "propertyType": None}
EDGE = {"entityType": "RELATIONSHIP", "propertyType": None}


def row(kind, subject, *properties, name="theirs", carrier=NODE, **more):
    return {"name": name, "type": kind, "labelsOrTypes": [subject], "properties": list(properties), **carrier, **more}


def in_the_way(*constraints, indexes=()):
    return obstacles(
        rules(constraints), rules(indexes), NEO4J.keys, entity_types=["Person"], relation_types=["WORKS_FOR"]
    )


@pytest.mark.parametrize(
    "constraint",
    [
        row("UNIQUENESS", "Entity", "name"),
        row("NODE_PROPERTY_UNIQUENESS", "Person", "name", "type"),
        row("RELATIONSHIP_UNIQUENESS", "WORKS_FOR", "support", carrier=EDGE),
        row("NODE_PROPERTY_EXISTENCE", "Document", "owner"),
        row("NODE_PROPERTY_EXISTENCE", "Entity", "value"),
        row("RELATIONSHIP_PROPERTY_EXISTENCE", "HAS_CHUNK", "since", carrier=EDGE),
        row("NODE_KEY", "Person", "email"),
        row("NODE_KEY", "Person", "name"),
        row("NODE_PROPERTY_TYPE", "Chunk", "index", propertyType="STRING"),
        row("NODE_PROPERTY_TYPE", "Chunk", "text", propertyType="INTEGER"),
        row("UNIQUENESS", "Thing", "name", name="relex_kg_document_id"),
    ],
)
def test_what_may_refuse_a_node_or_an_edge_is_in_the_way(constraint):
    assert in_the_way(constraint) == list(rules([constraint]))


@pytest.mark.parametrize(
    "constraint",
    [
        row("UNIQUENESS", "Document", "id", name="relex_kg_document_id"),
        row("UNIQUENESS", "Document", "id", name="of another name"),
        row("UNIQUENESS", "Person", "email"),
        row("UNIQUENESS", "Person", "name", "email"),
        row("UNIQUENESS", "Entity", "id", "name"),
        row("UNIQUENESS", "Thing", "name"),
        row("UNIQUENESS", "WORKS_FOR", "name"),
        row("RELATIONSHIP_UNIQUENESS", "OWNS", "support", carrier=EDGE),
        row("NODE_PROPERTY_EXISTENCE", "Entity", "name"),
        row("NODE_KEY", "Entity", "id"),
        row("NODE_PROPERTY_TYPE", "Person", "name", propertyType="STRING"),
        row("NODE_PROPERTY_TYPE", "Person", "email", propertyType="INTEGER"),
    ],
)
def test_what_refuses_nothing_of_ours_stays(constraint):
    assert in_the_way(constraint) == []


def test_an_index_in_the_place_of_a_constraint_or_with_its_name_is_in_the_way():
    indexes = [
        row("RANGE", "Document", "id", name="place"),
        row("TEXT", "Thing", "text", name="relex_kg_chunk_id"),
        row("TEXT", "Document", "id", name="another kind"),
        row("RANGE", "Document", "uri", name="ours is not unique"),
        row("RANGE", "Document", "title", name="another place"),
        row("RANGE", "Document", "id", name="of edges", carrier=EDGE),
        {**row("LOOKUP", "Document"), "labelsOrTypes": None, "properties": None},
    ]
    assert [rule.name for rule in in_the_way(indexes=indexes)] == ["place", "relex_kg_chunk_id"]


def test_a_rule_is_described_and_removed_by_name():
    constraint = Rule("a `name`", "UNIQUENESS", "Entity", ("name", "type"), None, on_nodes=True)
    assert described(constraint) == "the uniqueness constraint 'a `name`' on :Entity(name, type)"
    assert removal(constraint) == "DROP CONSTRAINT `a ``name```"
    index = Rule("i", "RANGE", "Document", ("id",), None, on_nodes=True)
    assert (described(index), removal(index)) == ("the range index 'i' on :Document(id)", "DROP INDEX `i`")
