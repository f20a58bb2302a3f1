"""What flows through the pipeline: frozen values that know nothing of models, stores or files.

All offsets are character offsets into the document's text as read, end-exclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from relex_kg.ids import ChunkId, DocumentId, EntityId, FactId, MentionId, NameId, RelationId
from relex_kg.source_map import Place, SourceMap
from relex_kg.spans import Span as Span  # noqa: PLC0414 - passed on

_NEVER_SEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))

Precision = Literal["float32", "bfloat16", "int8"]
"""How a model calculates."""

MetadataValue = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A text and where it came from.

    Attributes:
        media_type: that of the source (``text/html``), not of ``text``.
        metadata: what the source says about itself (``date``, ``author``, ``language``), as it says it.
        rows: the rows of its tables, in order. What one says is not about what stands in another.
        source_map: leads from the text's characters to the source's; None where the text is all there is.
    """

    id: DocumentId
    uri: str
    title: str
    text: str
    media_type: str
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict, hash=False)
    rows: tuple[Span, ...] = field(default=(), repr=False, compare=False)
    source_map: SourceMap | None = field(default=None, repr=False, compare=False)

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def places_of(self, span: Span) -> tuple[Place, ...]:
        """Where in the file the characters stand, if it has places of its own: pages, paragraphs, rows."""
        return self.source_map.places_of(span) if self.source_map else ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document that the model reads at once; ``document.text[span] == text``."""

    id: ChunkId
    document_id: DocumentId
    index: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class TextMention:
    """A mention found in a bare text: offsets into that text, the label that was asked for, a score in 0..1."""

    span: Span
    text: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class TextRelation:
    """A relation found in a bare text; ``head`` and ``tail`` index the mentions of the same extraction."""

    head: int
    tail: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class TextExtraction:
    """All that the model found in one text: mentions by position, or as given where they were known beforehand.

    ``cut_spans``, ``cut_pairs`` and ``cut_relations`` count what was left out because a budget was full (0 in ordinary
    text); what overlapping windows share counts in each.
    """

    mentions: tuple[TextMention, ...]
    relations: tuple[TextRelation, ...]
    cut_spans: int
    cut_pairs: int
    cut_relations: int

    def above(self, *, entity_threshold: float, relation_threshold: float) -> "TextExtraction":
        """The mentions scored above the one threshold, and the relations between them scored above the other."""
        kept = [row for row, mention in enumerate(self.mentions) if mention.score > entity_threshold]
        place = {row: index for index, row in enumerate(kept)}
        return TextExtraction(
            mentions=tuple(self.mentions[row] for row in kept),
            relations=tuple(
                TextRelation(place[one.head], place[one.tail], one.label, one.score)
                for one in self.relations
                if one.score > relation_threshold and one.head in place and one.tail in place
            ),
            cut_spans=self.cut_spans,
            cut_pairs=self.cut_pairs,
            cut_relations=self.cut_relations,
        )


def collapse(text: str) -> str:
    """The text on one line, without soft hyphens and other characters that no reader sees.

    Text of white space alone stands for itself.
    """
    return " ".join(text.translate(_NEVER_SEEN).split()) or text


@dataclass(frozen=True, slots=True)
class Mention:
    """A place of a document that names a thing: ``document.text[span] == text``.

    Attributes:
        type: an entity type's name in the schema.
        antecedent: the mention of the same document whose name this one stands for, where it is none itself but a
            pronoun or a noun ("she", "the company"); None for names.
    """

    id: MentionId
    document_id: DocumentId
    span: Span
    text: str
    type: str
    score: float
    antecedent: MentionId | None = None

    @property
    def is_reference(self) -> bool:
        """Whether it is a pronoun or a noun that stands for a name."""
        return self.antecedent is not None

    @property
    def surface(self) -> str:
        """The text on one line."""
        return collapse(self.text)


@dataclass(frozen=True, slots=True)
class Naming:
    """The name that a mention stands for.

    It is the mention's own, or that of another mention of its document: the full name for a short form, with the rule
    that says so and its score, and the antecedent's for a reference.

    ``document`` is the mention's document where that tells the name from equal ones elsewhere ("Wednesday"), else None.
    """

    name: NameId
    document: DocumentId | None
    rule: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Relation:
    """The statement, at one place of a document, that ``head`` stands in relation ``type`` to ``tail``.

    It is the evidence of the fact between the two mentions' entities.
    """

    id: RelationId
    head: MentionId
    tail: MentionId
    type: str
    score: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that a document says: mentions by position, relations by id.

    ``dropped`` counts what was found and left out, by reason (``"overlapping mention"``), so that a run can report it.
    """

    document_id: DocumentId
    mentions: tuple[Mention, ...]
    relations: tuple[Relation, ...]
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that mentions refer to.

    Attributes:
        aliases: the other texts that name it, sorted, without ``name``.
        mentions: how many there are.
        value: of a date, what it says as ISO 8601 has it (``1999-05-03``, ``1999-05``, ``1999``, ``1990s``).
        external_id: the id that its names have in a list of aliases.
    """

    id: EntityId
    type: str
    name: str
    aliases: tuple[str, ...]
    mentions: int
    value: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Why two names were taken for one entity: the rule that said so and its score in 0..1."""

    type: str
    left: str
    right: str
    rule: str
    score: float


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A name that a decision lists: of a type, and of one document alone where ``document`` says which (its URI)."""

    type: str
    name: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Mentions taken for one entity: what it will hold, and the mentions, sorted by id."""

    type: str
    name: str
    aliases: tuple[str, ...]
    mentions: tuple[MentionId, ...]
    value: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Every mention in exactly one cluster (clusters by least mention id), and the merges that made the clusters."""

    clusters: tuple[Cluster, ...]
    merges: tuple[Merge, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One typed edge between two entities, and what supports it.

    ``support`` counts its relations, ``documents`` the distinct documents they stand in, ``confidence`` is in 0..1.
    """

    id: FactId
    head: EntityId
    tail: EntityId
    type: str
    support: int
    documents: int
    confidence: float
