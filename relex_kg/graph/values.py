"""The values of a query's result: as JSON would hold them, and which entities and facts are among them."""

from collections.abc import Iterator, Mapping

from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time


def plain(value: object) -> object:
    """``value`` in dicts, lists, strings, numbers, booleans and None."""
    match value:
        case Node() | Relationship() | Path():
            return _plain_graph(value)
        case Date() | DateTime() | Time() | Duration():
            return value.iso_format()
        case Point():
            return {"srid": value.srid, "coordinates": list(value)}
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return value.hex() if isinstance(value, bytes | bytearray) else value


def _plain_graph(value: Node | Relationship | Path) -> dict[str, object]:
    match value:
        case Node():
            return {"element_id": value.element_id, "labels": sorted(value.labels), "properties": plain(dict(value))}
        case Relationship():
            return {
                "element_id": value.element_id,
                "type": value.type,
                "start": value.start_node.element_id if value.start_node else None,
                "end": value.end_node.element_id if value.end_node else None,
                "properties": plain(dict(value)),
            }
        case Path():
            return {
                "nodes": [plain(node) for node in value.nodes],
                "relationships": [plain(relationship) for relationship in value.relationships],
            }


def touched(value: object, entity_label: str) -> Iterator[tuple[str, str]]:
    """("entity" or "fact", id) for each node that is an entity and each relationship that may be a fact."""
    match value:
        case Node():
            if entity_label in value.labels:
                yield "entity", value["id"]
        case Relationship():
            if "id" in value:
                yield "fact", value["id"]
        case Path():
            for part in (*value.nodes, *value.relationships):
                yield from touched(part, entity_label)
        case Mapping():
            for item in value.values():
                yield from touched(item, entity_label)
        case list():
            for item in value:
                yield from touched(item, entity_label)
