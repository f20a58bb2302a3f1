from pathlib import Path
from typing import Any

from relex_kg.ontology import Schema

SHIPS = """\
name: ships
entities:
  Ship: {label: ship}
  Port: {label: port, threshold: 0.4}
relations:
  HOME_PORT: {label: home port, inverse: home of, head: [Ship], tail: [Port]}
  SISTER_OF: {label: sister ship, symmetric: true, head: [Ship], tail: [Ship]}
"""


def test_check_shows_what_a_schema_asks_for(run: Any, tmp_path: Path) -> None:
    (tmp_path / "ships.yaml").write_text(SHIPS)
    ran = run("schema", "check", "ships.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Schema       ships\n"
        f"Fingerprint  {Schema.load('ships.yaml').fingerprint}\n"
        "\n"
        "Entity type  Asked as  Threshold\n"
        "Ship         ship      0.5\n"
        "Port         port      0.4\n"
        "\n"
        "Relation type  Asked as                 From  To    Threshold\n"
        "HOME_PORT      home port / home of      Ship  Port  0.5\n"
        "SISTER_OF      sister ship (both ways)  Ship  Ship  0.5\n"
    )


def test_check_tells_the_line_of_a_mistake(run: Any, tmp_path: Path) -> None:
    (tmp_path / "ships.yaml").write_text(SHIPS.replace("head: [Ship], tail: [Port]", "head: [Shp], tail: [Port]"))
    ran = run("schema", "check", "ships.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "Error: ships.yaml, line 6: relation HOME_PORT has head 'Shp', which is not an entity type of this schema.\n"
        "Fix: write 'Ship'.\n"
    )


def test_check_as_json(run: Any) -> None:
    document = run("schema", "check", "companies", "--json").document
    assert document["valid"] is True
    assert document["schema"] == Schema.load("companies").model_dump(mode="json")


def test_list_names_the_ready_schemas(run: Any) -> None:
    document = run("schema", "list", "--json").document
    assert [schema["name"] for schema in document["schemas"]] == list(Schema.ready())
    assert [text.split()[0] for text in run("schema", "list").out.splitlines()[1:]] == list(Schema.ready())
