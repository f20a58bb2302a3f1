"""Values of a query's result as short text for people."""

from collections.abc import Mapping, Sequence
from typing import Any

_NODE = {"element_id", "labels", "properties"}
_RELATIONSHIP = {"element_id", "type", "start", "end", "properties"}
_PATH = {"nodes", "relationships"}
_TITLES = ("name", "title", "uri", "text", "type", "id")  # what tells a node from others, best first


def readable(value: object) -> str:
    """``(Ada Lovelace :Person)`` for a node, ``[:WORKS_FOR support 2]`` for a relationship, JSON-like for the rest."""
    match value:
        case Mapping():
            return _of_mapping(value)
        case list() | tuple():
            return "[" + ", ".join(readable(item) for item in value) + "]"
        case float():
            return f"{value:.6g}"
        case None | bool():
            return {None: "", True: "true", False: "false"}[value]
        case _:
            return str(value)


def _of_mapping(value: Mapping[str, Any]) -> str:
    if value.keys() == _NODE:
        return _node(value)
    if value.keys() == _RELATIONSHIP:
        return _relationship(value)
    if value.keys() == _PATH:
        return _path(value["nodes"], value["relationships"])
    return "{" + ", ".join(f"{key}: {readable(item)}" for key, item in value.items()) + "}"


def _node(node: Mapping[str, Any]) -> str:
    properties = node["properties"]
    title = next((str(properties[key]) for key in _TITLES if properties.get(key) is not None), node["element_id"])
    # Every entity bears the label Entity; its type says more.
    labels = [label for label in node["labels"] if label != "Entity"] or node["labels"]
    return f"({title} {''.join(f':{label}' for label in labels)})"


def _relationship(relationship: Mapping[str, Any]) -> str:
    support = relationship["properties"].get("support")
    return f"[:{relationship['type']}{'' if support is None else f' support {support}'}]"


def _path(nodes: Sequence[Mapping[str, Any]], relationships: Sequence[Mapping[str, Any]]) -> str:
    if not nodes:
        return "()"
    text = _node(nodes[0])
    for before, relationship, after in zip(nodes, relationships, nodes[1:], strict=False):
        forwards = relationship["start"] == before["element_id"]
        text += f"-{_relationship(relationship)}->" if forwards else f"<-{_relationship(relationship)}-"
        text += _node(after)
    return text
