"""Every Cypher statement of the store, and where the two servers differ.

Values travel as parameters. Labels and relationship types cannot, so they are taken from the schema's names alone,
checked again here, and quoted. Statements that take ``$rows`` or ``$ids`` are sent in batches. Each pattern starts at
the node that is known: the embedded server follows it from left to right, and would else scan.
"""

import re
from dataclasses import dataclass

from relex_kg.errors import StoreError
from relex_kg.ontology import RESERVED, RESERVED_RELATIONS

_ENTITY_TYPE = re.compile(r"[A-Z][A-Za-z0-9_]{0,63}")
_RELATION_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the servers do not have in common.

    Attributes:
        name: what people call the server.
        schema: the statements that create its constraints and indexes; each can be repeated.
        locks: it makes concurrent writers wait for each other; else one process must, by itself.
        timeouts: it ends a transaction that runs longer than the driver allowed.
    """

    name: str
    schema: tuple[str, ...]
    locks: bool
    timeouts: bool


def _unique(label: str) -> str:
    return f"CREATE CONSTRAINT relex_kg_{label.lower()}_id IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"


def _index(label: str, key: str) -> str:
    return f"CREATE INDEX relex_kg_{label.lower()}_{key} IF NOT EXISTS FOR (n:{label}) ON (n.{key})"


def _ours(*variables: str) -> str:
    """That nodes or edges are this package's: others may bear the same labels, but not ids of 32 hexadecimal digits."""
    return " AND ".join(f"{variable}.id =~ '[0-9a-f]{{32}}'" for variable in variables)


_COMMON_SCHEMA = (
    *(_unique(label) for label in ("Document", "Chunk", "Mention", "Evidence", "Graph", "Pending")),
    _index("Evidence", "fact"),
    _index("Entity", "name"),
)

NEO4J = Dialect(name="Neo4j", schema=(*_COMMON_SCHEMA, _unique("Entity")), locks=True, timeouts=True)

# ArcadeDB keeps a node of two labels as a record of a third type, and a uniqueness constraint on one label then
# refuses the other: entities have a plain index.
ARCADEDB = Dialect(
    name="the embedded store", schema=(*_COMMON_SCHEMA, _index("Entity", "id")), locks=False, timeouts=False
)


def entity_label(type: str) -> str:
    """``type`` as a quoted label."""
    if not _ENTITY_TYPE.fullmatch(type) or type in RESERVED:
        raise StoreError(f"{type!r} cannot be an entity type in the graph", fix="correct its name in the schema")
    return f"`{type}`"


def relationship_type(type: str) -> str:
    """``type`` as a quoted relationship type."""
    if not _RELATION_TYPE.fullmatch(type) or type in RESERVED_RELATIONS:
        raise StoreError(f"{type!r} cannot be a relation type in the graph", fix="correct its name in the schema")
    return f"`{type}`"


# -- the one lock ------------------------------------------------------------------------------------------------------

# Setting a property takes the node's write lock, which the transaction holds to its end: writers queue up here.
LOCK = "MERGE (g:Graph {id: 'graph'}) SET g.id = 'graph'"

# -- one document ------------------------------------------------------------------------------------------------------

OLD_CHUNKS = "MATCH (:Document {id: $document})-[:HAS_CHUNK]->(c:Chunk) RETURN c.id AS id"

OLD_MENTIONS = """
MATCH (:Document {id: $document})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention)
RETURN m.id AS id, m.text AS text
"""

OLD_EVIDENCE = """
MATCH (:Document {id: $document})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(v:Evidence)
MATCH (v)-[:HEAD]->(h:Mention)
MATCH (v)-[:TAIL]->(t:Mention)
RETURN v.id AS id, h.id AS head, t.id AS tail
"""

FACTS_OF_EVIDENCE = """
UNWIND $ids AS id
MATCH (v:Evidence {id: id}) WHERE v.fact IS NOT NULL
MATCH (v)-[:HEAD]->(:Mention)-[:REFERS_TO]->(h:Entity)
MATCH (v)-[:TAIL]->(:Mention)-[:REFERS_TO]->(t:Entity)
RETURN v.fact AS id, h.id AS one, t.id AS other
"""

SUPPORTED_FACTS = "UNWIND $ids AS id MATCH (v:Evidence {fact: id}) RETURN DISTINCT v.fact AS id"

# Relationships are collected before the first is deleted. The embedded server deletes while it still matches, and its
# walk along an entity's relationships then meets what is gone: in some orders of ids it fails.
_DELETE_COLLECTED = "WITH collect(r) AS found UNWIND found AS r DELETE r"

# Undirected: a symmetric fact may point the other way than its evidence.
DELETE_UNSUPPORTED_FACTS = f"""
UNWIND $rows AS row
MATCH (:Entity {{id: row.one}})-[r]-(:Entity {{id: row.other}}) WHERE r.id = row.id
{_DELETE_COLLECTED}
"""

DELETE_EVIDENCE = "UNWIND $ids AS id MATCH (v:Evidence {id: id}) DETACH DELETE v"
DELETE_MENTIONS = "UNWIND $ids AS id MATCH (m:Mention {id: id}) DETACH DELETE m"
DELETE_CHUNKS = "UNWIND $ids AS id MATCH (c:Chunk {id: id}) DETACH DELETE c"
DELETE_DOCUMENT = "MATCH (d:Document {id: $document}) DETACH DELETE d RETURN 1 AS deleted"

CLEAR_FACTS = "UNWIND $ids AS id MATCH (v:Evidence {id: id}) REMOVE v.fact"
CLEAR_ENTITIES = f"UNWIND $ids AS id MATCH (:Mention {{id: id}})-[r:REFERS_TO]->(:Entity) {_DELETE_COLLECTED}"
UNPLACE_MENTIONS = f"UNWIND $ids AS id MATCH (:Mention {{id: id}})-[r:IN_CHUNK]->(:Chunk) {_DELETE_COLLECTED}"
UNPLACE_EVIDENCE = f"UNWIND $ids AS id MATCH (:Evidence {{id: id}})-[r:IN_CHUNK]->(:Chunk) {_DELETE_COLLECTED}"

WRITE_DOCUMENT = "MERGE (d:Document {id: $document}) SET d += $properties"

WRITE_CHUNKS = """
UNWIND $rows AS row
MATCH (d:Document {id: $document})
MERGE (c:Chunk {id: row.id}) SET c += row.properties
MERGE (d)-[:HAS_CHUNK]->(c)
"""

WRITE_MENTIONS = """
UNWIND $rows AS row
MATCH (c:Chunk {id: row.chunk})
MERGE (m:Mention {id: row.id}) SET m += row.properties
CREATE (m)-[:IN_CHUNK]->(c)
"""

WRITE_EVIDENCE = """
UNWIND $rows AS row
MATCH (c:Chunk {id: row.chunk})
MATCH (h:Mention {id: row.head})
MATCH (t:Mention {id: row.tail})
MERGE (v:Evidence {id: row.id}) SET v += row.properties
MERGE (v)-[:HEAD]->(h)
MERGE (v)-[:TAIL]->(t)
CREATE (v)-[:IN_CHUNK]->(c)
"""

MARK_PENDING = "MERGE (:Pending {id: $document})"

# -- the entity layer --------------------------------------------------------------------------------------------------

UNSETTLED = f"""
OPTIONAL MATCH (p:Pending) WHERE {_ours("p")}
WITH count(p) AS pending
OPTIONAL MATCH (g:Graph {{id: 'graph'}})
RETURN pending, g.resolver AS resolver
"""

LAYER_SYMMETRIC = f"MATCH (d:Document) WHERE {_ours('d')} UNWIND d.symmetric AS type RETURN DISTINCT type"

LAYER_MENTIONS = f"""
MATCH (d:Document)-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention) WHERE {_ours("d", "m")}
OPTIONAL MATCH (m)-[:REFERS_TO]->(e:Entity)
RETURN m.id AS id, d.id AS document, m.start AS start, m.end AS end, m.text AS text, m.type AS type,
       m.score AS score, m.antecedent AS antecedent, e.id AS entity
"""

LAYER_RELATIONS = f"""
MATCH (h:Mention)<-[:HEAD]-(v:Evidence)-[:TAIL]->(t:Mention) WHERE {_ours("v")}
RETURN v.id AS id, h.id AS head, t.id AS tail, v.type AS type, v.score AS score, v.fact AS fact
"""

LAYER_ENTITIES = f"""
MATCH (e:Entity) WHERE {_ours("e")}
RETURN e.id AS id, e.type AS type, e.name AS name, e.aliases AS aliases, e.mentions AS mentions,
       e.value AS value, e.external_id AS external_id
"""

LAYER_FACTS = f"""
MATCH (h:Entity)-[r]->(t:Entity) WHERE {_ours("h", "r", "t")}
RETURN r.id AS id, h.id AS head, t.id AS tail, type(r) AS type, r.support AS support, r.documents AS documents,
       r.confidence AS confidence
"""

MOVE_MENTIONS = """
UNWIND $rows AS row
MATCH (m:Mention {id: row.mention})
MATCH (e:Entity {id: row.entity})
CREATE (m)-[:REFERS_TO]->(e)
"""

SET_FACTS_OF_EVIDENCE = "UNWIND $rows AS row MATCH (v:Evidence {id: row.id}) SET v.fact = row.fact"

DELETE_ENTITIES = "UNWIND $ids AS id MATCH (e:Entity {id: id}) DETACH DELETE e"

FINISH_SETTLING = "MATCH (g:Graph {id: 'graph'}) SET g.resolver = $fingerprint"
CLEAR_PENDING = f"MATCH (p:Pending) WHERE {_ours('p')} DELETE p"


def create_entities(type: str) -> str:
    return f"UNWIND $rows AS row CREATE (e:Entity:{entity_label(type)} {{id: row.id}}) SET e += row.properties"


def retype_entities(old: str, new: str) -> str:
    return f"UNWIND $ids AS id MATCH (e:Entity {{id: id}}) REMOVE e:{entity_label(old)} SET e:{entity_label(new)}"


UPDATE_ENTITIES = "UNWIND $rows AS row MATCH (e:Entity {id: row.id}) SET e += row.properties"


def create_facts(type: str) -> str:
    return f"""
UNWIND $rows AS row
MATCH (h:Entity {{id: row.head}})
MATCH (t:Entity {{id: row.tail}})
CREATE (h)-[r:{relationship_type(type)} {{id: row.id}}]->(t)
SET r += row.properties
"""


def update_facts(type: str) -> str:
    return f"""
UNWIND $rows AS row
MATCH (:Entity {{id: row.head}})-[r:{relationship_type(type)}]->(:Entity {{id: row.tail}}) WHERE r.id = row.id
SET r += row.properties
"""


def delete_facts(type: str) -> str:
    return f"""
UNWIND $rows AS row
MATCH (:Entity {{id: row.head}})-[r:{relationship_type(type)}]->(:Entity {{id: row.tail}}) WHERE r.id = row.id
{_DELETE_COLLECTED}
"""


# -- reading -----------------------------------------------------------------------------------------------------------

DOCUMENTS = f"""
MATCH (d:Document) WHERE {_ours("d")}
RETURN d.id AS id, d.uri AS uri, d.sha256 AS sha256, d.model AS model, d.schema AS schema
ORDER BY id
"""


def _count(label: str) -> str:
    return f"MATCH (n:{label}) WHERE {_ours('n')} RETURN count(n) AS count"


COUNT_DOCUMENTS, COUNT_CHUNKS, COUNT_MENTIONS, COUNT_EVIDENCE = map(
    _count, ("Document", "Chunk", "Mention", "Evidence")
)
COUNT_ENTITIES = f"MATCH (e:Entity) WHERE {_ours('e')} RETURN e.type AS type, count(e) AS count ORDER BY type"
COUNT_FACTS = f"""
MATCH (h:Entity)-[r]->(t:Entity) WHERE {_ours("h", "r", "t")}
RETURN type(r) AS type, count(r) AS count ORDER BY type
"""

ENTITIES_BY_ID = """
UNWIND $ids AS id
MATCH (e:Entity {id: id})
RETURN e.id AS id, e.type AS type, e.name AS name, e.aliases AS aliases, e.mentions AS mentions,
       e.value AS value, e.external_id AS external_id
"""

FACTS_FROM_ENTITIES = f"""
UNWIND $ids AS id
MATCH (h:Entity {{id: id}})-[r]->(t:Entity) WHERE {_ours("r", "t")}
RETURN r.id AS id, h.id AS head, t.id AS tail, type(r) AS type, r.support AS support, r.documents AS documents,
       r.confidence AS confidence
"""

ENTITIES_NAMED = f"""
MATCH (e:Entity)
WHERE {_ours("e")}
  AND (toLower(e.name) = toLower($name) OR any(alias IN e.aliases WHERE toLower(alias) = toLower($name)))
RETURN e.id AS id
"""

NEIGHBOURS = f"""
UNWIND $ids AS id
MATCH (:Entity {{id: id}})-[r]-(o:Entity) WHERE {_ours("r", "o")}
RETURN DISTINCT o.id AS id
"""

NAMES_IN_DOCUMENTS = f"""
MATCH (d:Document)-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention)-[:REFERS_TO]->(e:Entity)
WHERE {_ours("d", "m", "e")} AND m.antecedent IS NULL
RETURN d.uri AS document, e.id AS entity, collect(DISTINCT m.text) AS names
"""

ENDS_OF_FACTS = """
UNWIND $ids AS id
MATCH (v:Evidence {fact: id})
MATCH (v)-[:HEAD]->(:Mention)-[:REFERS_TO]->(h:Entity)
MATCH (v)-[:TAIL]->(:Mention)-[:REFERS_TO]->(t:Entity)
RETURN DISTINCT h.id AS head, t.id AS tail
"""

PASSAGES = """
UNWIND $ids AS id
MATCH (v:Evidence {fact: id})
MATCH (v)-[:HEAD]->(h:Mention)
MATCH (v)-[:TAIL]->(t:Mention)
MATCH (v)-[:IN_CHUNK]->(c:Chunk)
MATCH (c)<-[:HAS_CHUNK]-(d:Document)
RETURN v.fact AS fact, v.id AS relation, d.uri AS document, v.start AS start, v.end AS end, v.score AS score,
       c.text AS text, c.start AS text_start,
       h.text AS head_text, h.start AS head_start, h.end AS head_end,
       t.text AS tail_text, t.start AS tail_start, t.end AS tail_end
"""
