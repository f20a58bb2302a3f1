"""Several annotated records as one."""

from collections.abc import Sequence
from dataclasses import replace

from relex_kg.training.data import LabelledRelation, LabelledSpan, Record


def join(records: Sequence[Record]) -> Record:
    """Several records as one text, a blank between; pairs across them are unrelated where each judged all pairs."""
    if len(records) == 1:
        return records[0]
    entities: list[LabelledSpan] = []
    relations: list[LabelledRelation] = []
    unrelated: list[tuple[int, int]] = []
    clusters: list[tuple[int, ...]] = []
    cluster_relations: list[LabelledRelation] = []
    offset = 0
    for record in records:
        first, first_cluster = len(entities), len(clusters)
        entities += [replace(e, start=e.start + offset, end=e.end + offset) for e in record.entities]
        relations += [_moved(relation, first) for relation in record.relations]
        unrelated += [(head + first, tail + first) for head, tail in record.no_relation_pairs]
        clusters += [tuple(index + first for index in cluster) for cluster in record.clusters or ()]
        cluster_relations += [_moved(relation, first_cluster) for relation in record.cluster_relations]
        offset += len(record.text) + 1
    return replace(
        records[0],
        id="+".join(record.id for record in records),
        text=" ".join(record.text for record in records),
        entities=tuple(entities),
        relations=tuple(relations),
        no_relation_pairs=tuple(unrelated),
        clusters=tuple(clusters),
        cluster_relations=tuple(cluster_relations),
    )


def _moved(relation: LabelledRelation, by: int) -> LabelledRelation:
    return LabelledRelation(relation.head + by, relation.tail + by, relation.type)
