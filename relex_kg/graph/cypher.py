"""Every Cypher statement of the store, and where the two servers differ.

Values travel as parameters. Labels and relationship types cannot, so they are taken from the schema's names alone,
checked again here, and quoted. Statements that take ``$rows`` or ``$ids`` are sent in batches. Each pattern starts at
the node that is known: the embedded server follows it from left to right, and would else scan.
"""

import re
from dataclasses import dataclass
from functools import cache

from relex_kg.errors import StoreError
from relex_kg.ids import digest
from relex_kg.ontology import RESERVED, RESERVED_RELATIONS

_ENTITY_TYPE = re.compile(r"[A-Z][A-Za-z0-9_]{0,63}")
_RELATION_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Key:
    """A property that nodes are looked up by; ``unique`` where no two nodes of the label may share its value."""

    label: str
    field: str
    unique: bool

    def name(self) -> str:
        """What its constraint or index is called."""
        return f"relex_kg_{self.label.lower()}_{self.field}"

    def statement(self) -> str:
        """Creates its constraint or index; can be repeated."""
        place = f"IF NOT EXISTS FOR (n:{self.label})"
        if self.unique:
            return f"CREATE CONSTRAINT {self.name()} {place} REQUIRE n.{self.field} IS UNIQUE"
        return f"CREATE INDEX {self.name()} {place} ON (n.{self.field})"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the servers do not have in common.

    Attributes:
        name: what people call the server.
        keys: what it keeps constraints and indexes on.
        shared: others may keep data, constraints and indexes of their own in the same database.
        locks: it makes concurrent writers wait for each other; else one process must, by itself.
        timeouts: it ends a transaction that runs longer than the driver allowed.
    """

    name: str
    keys: tuple[Key, ...]
    shared: bool
    locks: bool
    timeouts: bool


def _ours(*variables: str) -> str:
    """That nodes or edges are this package's: others may bear the same labels, but not ids of 32 hexadecimal digits."""
    return " AND ".join(f"{variable}.id =~ '[0-9a-f]{{32}}'" for variable in variables)


_COMMON_KEYS = (
    *(
        Key(label, "id", unique=True)
        for label in (
            "Document",
            "Chunk",
            "Mention",
            "Evidence",
            "Graph",
            "Name",
            "NameMove",
            "Uncounted",
            "Unlinked",
            "Decision",
        )
    ),
    Key("Document", "uri", unique=False),
    Key("Mention", "name", unique=False),
    Key("Evidence", "fact", unique=False),
    Key("Entity", "name", unique=False),
    Key("Name", "entity", unique=False),
    Key("NameKey", "key", unique=False),
)

NEO4J = Dialect(
    name="Neo4j", keys=(*_COMMON_KEYS, Key("Entity", "id", unique=True)), shared=True, locks=True, timeouts=True
)

# ArcadeDB keeps a node of two labels as a record of a third type, and a uniqueness constraint on one label then
# refuses the other: entities have a plain index.
ARCADEDB = Dialect(
    name="the embedded store",
    keys=(*_COMMON_KEYS, Key("Entity", "id", unique=False)),
    shared=False,
    locks=False,
    timeouts=False,
)

_LABEL = re.compile(rf":(?=(?:{'|'.join(sorted({key.label for key in NEO4J.keys}))})\b)")
_ENTITY_TYPE_LABEL = re.compile(r"(?<=\be:)`|(?<=:Entity:)`")


@cache
def with_prefix(statement: str, prefix: str) -> str:
    """A statement of this module on the graph whose labels have the prefix; relationship types have none.

    Several graphs live in one database by it, and beside data with the same labels. Relationships need none: each is
    reached from a node.
    """
    if not prefix:
        return statement
    return _LABEL.sub(f":{prefix}", _ENTITY_TYPE_LABEL.sub(f"`{prefix}", statement))


CONSTRAINTS = "SHOW CONSTRAINTS"
INDEXES = "SHOW INDEXES YIELD * WHERE owningConstraint IS NULL"


def repeated(key: Key) -> str:
    """A value that two nodes have, so that there can be no uniqueness constraint."""
    return f"""
MATCH (n:{key.label}) WHERE n.{key.field} IS NOT NULL
WITH n.{key.field} AS value, count(*) AS nodes WHERE nodes > 1
RETURN value LIMIT 1
"""


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

GRAPH = digest("graph")

# Setting a property takes the node's write lock, which the transaction holds to its end: whoever settles, or changes a
# document that is there, queues up here. New documents do not.
LOCK = f"MERGE (g:Graph {{id: '{GRAPH}'}}) SET g.id = '{GRAPH}'"

# Before names were kept, the graph's own node had this id.
WRITTEN_BEFORE_NAMES = "MATCH (g:Graph {id: 'graph'}) WHERE g.resolver IS NOT NULL RETURN g.id AS id LIMIT 1"

# -- one document ------------------------------------------------------------------------------------------------------

# A document that is there already has a hash.
CREATE_DOCUMENT = "MERGE (d:Document {id: $document}) SET d.id = $document RETURN d.sha256 IS NULL AS created"

OLD_CHUNKS = "MATCH (:Document {id: $document})-[:HAS_CHUNK]->(c:Chunk) RETURN c.id AS id"

OLD_MENTIONS = """
MATCH (:Document {id: $document})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention)
OPTIONAL MATCH (m)-[:REFERS_TO]->(e:Entity)
RETURN m.id AS id, m.start AS start, m.end AS end, m.text AS text, m.type AS type, m.score AS score,
       m.antecedent AS antecedent, m.name AS name, m.name_document AS name_document, m.rule AS rule,
       m.rule_score AS rule_score, e.id AS entity
"""

OLD_EVIDENCE = """
MATCH (d:Document {id: $document})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(v:Evidence)
MATCH (v)-[:HEAD]->(h:Mention)
MATCH (v)-[:TAIL]->(t:Mention)
RETURN v.id AS id, h.id AS head, t.id AS tail, v.type AS type, v.type IN d.symmetric AS symmetric, v.score AS score,
       v.fact AS fact
"""

# Relationships are collected before the first is deleted. The embedded server deletes while it still matches, and its
# walk along an entity's relationships then meets what is gone: in some orders of ids it fails.
_DELETE_COLLECTED = "WITH collect(r) AS found UNWIND found AS r DELETE r"

DELETE_EVIDENCE = "UNWIND $ids AS id MATCH (v:Evidence {id: id}) DETACH DELETE v"
DELETE_MENTIONS = "UNWIND $ids AS id MATCH (m:Mention {id: id}) DETACH DELETE m"
DELETE_CHUNKS = "UNWIND $ids AS id MATCH (c:Chunk {id: id}) DETACH DELETE c"
DELETE_DOCUMENT = "MATCH (d:Document {id: $document}) DETACH DELETE d RETURN 1 AS deleted"

CLEAR_FACTS = "UNWIND $ids AS id MATCH (v:Evidence {id: id}) REMOVE v.fact"
CLEAR_ENTITIES = """
UNWIND $ids AS id
MATCH (:Mention {id: id})-[r:REFERS_TO]->(e:Entity)
WITH collect(r) AS found, collect(DISTINCT e.id) AS entities
UNWIND found AS r
DELETE r
WITH DISTINCT entities UNWIND entities AS entity
RETURN entity
"""
UNPLACE_MENTIONS = f"UNWIND $ids AS id MATCH (:Mention {{id: id}})-[r:IN_CHUNK]->(:Chunk) {_DELETE_COLLECTED}"
UNPLACE_EVIDENCE = f"UNWIND $ids AS id MATCH (:Evidence {{id: id}})-[r:IN_CHUNK]->(:Chunk) {_DELETE_COLLECTED}"

WRITE_DOCUMENT = "MERGE (d:Document {id: $document}) SET d += $properties"
DESCRIBE_DOCUMENT = "MATCH (d:Document {id: $document}) SET d += $properties"
PROPERTY_KEYS = "MATCH (d:Document {id: $document}) UNWIND keys(d) AS key RETURN key"

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

UNCOUNTED_USES = "MATCH (p:Uncounted {id: $document}) RETURN p.uses AS uses"
MARK_UNCOUNTED = "MERGE (p:Uncounted {id: $document}) SET p.uses = $uses, p.resolver = $resolver"
UNMARK_UNLINKED = "UNWIND $ids AS id MATCH (p:Unlinked {id: id}) DELETE p"

# -- what settling does with documents ---------------------------------------------------------------------------------

UNSETTLED = f"""
OPTIONAL MATCH (p:Uncounted) WHERE {_ours("p")} WITH p LIMIT 1 WITH count(p) AS uncounted
OPTIONAL MATCH (p:Unlinked) WHERE {_ours("p")} WITH uncounted, p LIMIT 1 WITH uncounted, count(p) AS unlinked
OPTIONAL MATCH (p:NameMove) WHERE {_ours("p")} WITH uncounted, unlinked, p LIMIT 1
WITH uncounted, unlinked, count(p) AS moves
OPTIONAL MATCH (g:Graph {{id: '{GRAPH}'}})
RETURN uncounted + unlinked + moves AS left, g.resolver AS resolver, g.stage AS stage
"""

SWEEP = f"""
MATCH (g:Graph {{id: '{GRAPH}'}}) WHERE g.resolver IS NOT NULL
RETURN g.resolver AS resolver, g.rulebook AS rulebook, g.stage AS stage, g.cursor AS cursor, g.scope AS scope
"""
SET_SWEEP = f"""
MATCH (g:Graph {{id: '{GRAPH}'}})
SET g += $sweep
"""

UNCOUNTED = f"""
MATCH (p:Uncounted) WHERE {_ours("p")}
RETURN p.id AS id, p.uses AS uses, p.resolver AS resolver LIMIT $limit
"""
UNMARK_UNCOUNTED = "UNWIND $ids AS id MATCH (p:Uncounted {id: id}) DELETE p"
MARK_UNLINKED = "UNWIND $ids AS id MATCH (d:Document {id: id}) MERGE (:Unlinked {id: id})"
UNLINKED = f"MATCH (p:Unlinked) WHERE {_ours('p')} RETURN p.id AS id LIMIT $limit"

DOCUMENTS_AFTER = f"""
MATCH (d:Document) WHERE d.id > $after AND {_ours("d")}
RETURN d.id AS id ORDER BY id LIMIT $limit
"""

DOCUMENTS_NAMING = """
UNWIND $ids AS id
MATCH (m:Mention {name: id})-[:IN_CHUNK]->(:Chunk)<-[:HAS_CHUNK]-(d:Document)
RETURN DISTINCT d.id AS id
"""

MENTIONS_OF_DOCUMENTS = """
UNWIND $ids AS id
MATCH (d:Document {id: id})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention)
RETURN d.id AS document, m.id AS id, m.start AS start, m.end AS end, m.text AS text, m.type AS type,
       m.score AS score, m.antecedent AS antecedent, m.name AS name, m.name_document AS name_document, m.rule AS rule,
       m.rule_score AS rule_score
"""

RENAME_MENTIONS = """
UNWIND $rows AS row
MATCH (m:Mention {id: row.id})
SET m.name = row.name, m.name_document = row.name_document, m.rule = row.rule, m.rule_score = row.rule_score
"""

LINKED_MENTIONS = """
UNWIND $ids AS id
MATCH (d:Document {id: id})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(m:Mention)
OPTIONAL MATCH (m)-[:REFERS_TO]->(e:Entity)
RETURN d.id AS document, m.id AS id, m.name AS name, e.id AS entity
"""

LINKED_RELATIONS = """
UNWIND $ids AS id
MATCH (d:Document {id: id})-[:HAS_CHUNK]->(:Chunk)<-[:IN_CHUNK]-(v:Evidence)
MATCH (v)-[:HEAD]->(h:Mention)
MATCH (v)-[:TAIL]->(t:Mention)
RETURN d.id AS document, v.id AS id, h.id AS head, t.id AS tail, v.type AS type, v.type IN d.symmetric AS symmetric,
       v.score AS score, v.fact AS fact
"""

REFER = """
UNWIND $rows AS row
MATCH (m:Mention {id: row.mention})
MATCH (e:Entity {id: row.entity})
CREATE (m)-[:REFERS_TO]->(e)
"""

SET_FACTS_OF_EVIDENCE = "UNWIND $rows AS row MATCH (v:Evidence {id: row.id}) SET v.fact = row.fact"

# -- totals ------------------------------------------------------------------------------------------------------------

# Whoever creates or deletes entities and facts holds the lock, and notes it: a build says the totals without a scan.
TOTALS = f"MATCH (g:Graph {{id: '{GRAPH}'}}) RETURN coalesce(g.entities, 0) AS entities, coalesce(g.facts, 0) AS facts"
ADD_TO_TOTALS = f"""
MATCH (g:Graph {{id: '{GRAPH}'}})
SET g.entities = coalesce(g.entities, 0) + $entities, g.facts = coalesce(g.facts, 0) + $facts
"""

# -- names and entities ------------------------------------------------------------------------------------------------

_NAME = """
RETURN n.id AS id, n.type AS type, n.document AS document, n.forms AS forms, n.form_counts AS form_counts,
       n.short_forms AS short_forms, n.short_counts AS short_counts, n.references AS references,
       n.keys AS keys, n.entity AS entity
"""
NAMES = f"UNWIND $ids AS id MATCH (n:Name {{id: id}}) {_NAME}"
NAMES_OF_ENTITIES = f"UNWIND $ids AS id MATCH (n:Name {{entity: id}}) {_NAME}"
NAMES_UNDER_KEYS = "UNWIND $ids AS key MATCH (k:NameKey {key: key}) RETURN DISTINCT k.name AS id"
NAMES_AFTER = f"MATCH (n:Name) WHERE n.id > $after AND {_ours('n')} RETURN n.id AS id ORDER BY id LIMIT $limit"
ENTITIES_OF_NAMES = """
UNWIND $ids AS id
MATCH (n:Name {id: id}) WHERE n.entity IS NOT NULL
RETURN n.id AS id, n.entity AS entity
"""
NAMED_ENTITIES = "UNWIND $ids AS id MATCH (n:Name {entity: id}) RETURN DISTINCT id"

WRITE_NAMES = "UNWIND $rows AS row MERGE (n:Name {id: row.id}) SET n += row.properties"
DELETE_NAMES = "UNWIND $ids AS id MATCH (n:Name {id: id}) DELETE n"
CREATE_KEYS = "UNWIND $rows AS row CREATE (:NameKey {key: row.key, name: row.name})"
DELETE_KEYS = "UNWIND $rows AS row MATCH (k:NameKey {key: row.key}) WHERE k.name = row.name DELETE k"

CREATE_MOVES = "UNWIND $rows AS row MERGE (p:NameMove {id: row.id}) SET p.name = row.name, p.source = row.source"
MOVE = f"MATCH (p:NameMove) WHERE {_ours('p')} RETURN p.name AS name, p.source AS source LIMIT 1"
DELETE_MOVE = "MATCH (p:NameMove {id: $id}) DELETE p"
MOVABLE_DOCUMENTS = """
MATCH (m:Mention {name: $name})-[:REFERS_TO]->(e:Entity) WHERE e.id = $source
MATCH (m)-[:IN_CHUNK]->(:Chunk)<-[:HAS_CHUNK]-(d:Document)
RETURN DISTINCT d.id AS id LIMIT $limit
"""


SHORT_USES = """
UNWIND $ids AS id
MATCH (m:Mention {name: id}) WHERE m.rule IS NOT NULL
RETURN m.name AS name, m.text AS text, m.rule AS rule, m.rule_score AS score, count(*) AS count
"""


def create_entities(type: str) -> str:
    return f"UNWIND $rows AS row CREATE (e:Entity:{entity_label(type)} {{id: row.id}}) SET e += row.properties"


def retype_entities(old: str, new: str) -> str:
    return f"UNWIND $ids AS id MATCH (e:Entity {{id: id}}) REMOVE e:{entity_label(old)} SET e:{entity_label(new)}"


UPDATE_ENTITIES = "UNWIND $rows AS row MATCH (e:Entity {id: row.id}) SET e += row.properties"

DELETE_UNUSED_ENTITIES = """
UNWIND $ids AS id
MATCH (e:Entity {id: id}) WHERE NOT (e)<-[:REFERS_TO]-(:Mention)
WITH collect(e) AS unused
UNWIND unused AS e
DETACH DELETE e
RETURN count(*) AS count
"""

# -- facts -------------------------------------------------------------------------------------------------------------


def _edge(type: str) -> str:
    """The edge of a row's fact, looked for from the end with fewer mentions: the other one may have thousands."""
    return f"""
UNWIND $rows AS row
MATCH (:Entity {{id: row.near}})-[r:{relationship_type(type)}]-(:Entity {{id: row.far}}) WHERE r.id = row.id
"""


def sums_of_facts(type: str) -> str:
    return f"""{_edge(type)}
RETURN r.id AS id, startNode(r).id AS head, r.support AS support, r.documents AS documents, r.weight AS weight
"""


MENTIONS_OF_ENTITIES = "UNWIND $ids AS id MATCH (e:Entity {id: id}) RETURN e.id AS id, e.mentions AS mentions"

FIRST_EVIDENCE = """
UNWIND $ids AS id
MATCH (v:Evidence {fact: id})
WITH id, min(v.id) AS first
MATCH (v:Evidence {id: first})-[:HEAD]->(:Mention)-[:REFERS_TO]->(e:Entity)
RETURN id, e.id AS head
"""


def create_facts(type: str) -> str:
    return f"""
UNWIND $rows AS row
MATCH (h:Entity {{id: row.head}})
MATCH (t:Entity {{id: row.tail}})
CREATE (h)-[r:{relationship_type(type)} {{id: row.id}}]->(t)
SET r += row.properties
"""


def update_facts(type: str) -> str:
    return f"{_edge(type)} SET r += row.properties"


def delete_facts(type: str) -> str:
    return f"{_edge(type)} {_DELETE_COLLECTED}"


# -- decisions ---------------------------------------------------------------------------------------------------------

_DECISION = """
RETURN k.linked AS linked, k.types AS types, k.names AS names, k.documents AS documents, k.decided_at AS decided_at
ORDER BY k.id
"""
DECISIONS = f"MATCH (k:Decision) WHERE {_ours('k')} {_DECISION}"
KEEP_DECISION = "MERGE (k:Decision {id: $id}) SET k += $properties"
FORGET_DECISION = "MATCH (k:Decision {id: $id}) DELETE k RETURN count(*) AS count"

# -- reading -----------------------------------------------------------------------------------------------------------

_STATE = """
RETURN d.id AS id, d.uri AS uri, d.title AS title, d.sha256 AS sha256, d.model AS model, d.schema AS schema,
       d.metadata AS metadata
"""
DOCUMENTS = f"MATCH (d:Document) WHERE {_ours('d')} {_STATE} ORDER BY id"
STATES = f"UNWIND $ids AS id MATCH (d:Document {{id: id}}) {_STATE}"
DOCUMENTS_AT = f"""
MATCH (d:Document)
WHERE d.uri STARTS WITH $uri
  AND (d.uri = $uri OR d.uri STARTS WITH $uri + '#' OR d.uri STARTS WITH $uri + '/')
  AND {_ours("d")}
{_STATE} ORDER BY id
"""

SYMMETRIC_TYPES = f"MATCH (d:Document) WHERE {_ours('d')} UNWIND d.symmetric AS type RETURN DISTINCT type"

_ENTITY = """
RETURN e.id AS id, e.type AS type, e.name AS name, e.aliases AS aliases, e.mentions AS mentions, e.value AS value,
       e.external_id AS external_id
"""
ENTITIES = f"MATCH (e:Entity) WHERE {_ours('e')} {_ENTITY}"
ENTITIES_BY_ID = f"UNWIND $ids AS id MATCH (e:Entity {{id: id}}) {_ENTITY}"

_FACT = """
RETURN r.id AS id, h.id AS head, t.id AS tail, type(r) AS type, r.support AS support, r.documents AS documents,
       r.confidence AS confidence
"""
FACTS = f"MATCH (h:Entity)-[r]->(t:Entity) WHERE {_ours('h', 'r', 't')} {_FACT}"
FACTS_FROM_ENTITIES = f"""
UNWIND $ids AS id
MATCH (h:Entity {{id: id}})-[r]->(t:Entity) WHERE {_ours("r", "t")} {_FACT}
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
       v.place AS place, v.page AS page, c.text AS text, c.start AS text_start,
       h.text AS head_text, h.start AS head_start, h.end AS head_end,
       t.text AS tail_text, t.start AS tail_start, t.end AS tail_end
"""
