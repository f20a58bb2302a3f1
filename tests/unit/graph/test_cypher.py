"""Names become labels and relationship types only if a schema could hold them."""

import re
import subprocess
import sys

import pytest

from relex_kg.errors import StoreError
from relex_kg.graph import cypher
from relex_kg.graph.cypher import entity_label, relationship_type


def test_good_names_are_quoted():
    assert entity_label("Person_2") == "`Person_2`"
    assert relationship_type("WORKS_FOR") == "`WORKS_FOR`"


@pytest.mark.parametrize("name", ["person", "Pers`on", "Person\n", "", "Entity", "Document", "P" * 65, "Pérson"])
def test_no_other_name_becomes_a_label(name):
    with pytest.raises(StoreError, match="cannot be an entity type"):
        entity_label(name)


@pytest.mark.parametrize("name", ["works_for", "WORKS FOR", "W`", "KNOWS\n", "", "HEAD", "IN_CHUNK", "W" * 65])
def test_no_other_name_becomes_a_relationship_type(name):
    with pytest.raises(StoreError, match="cannot be a relation type"):
        relationship_type(name)


def test_the_light_modules_import_neither_driver_nor_networkx():
    script = (
        "import sys, relex_kg.graph.rows, relex_kg.graph.store, relex_kg.graph.memory;"
        "print({'neo4j', 'networkx'} & set(sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "set()\n"
    )


def test_a_prefix_goes_before_every_label_and_nothing_else():
    statements = [value for value in vars(cypher).values() if isinstance(value, str) and "MATCH" in value]
    statements += [cypher.create_entities("Person"), cypher.retype_entities("Person", "Place")]
    statements += [cypher.create_facts("KNOWS"), cypher.update_facts("KNOWS")]
    for statement in statements:
        labels = re.findall(r"(?:\(\w*|\be|:Entity):(`?\w+)", cypher.with_prefix(statement, "News"))
        assert all(label.lstrip("`").startswith("News") for label in labels), statement
        assert cypher.with_prefix(statement, "News").replace("News", "") == statement
    assert cypher.with_prefix(cypher.create_entities("Person"), "News").count("News") == 2
    assert "[r:`KNOWS`" in cypher.with_prefix(cypher.create_facts("KNOWS"), "News")
