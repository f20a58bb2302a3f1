"""Pronouns and nouns that stand for names, as what a model is asked: one more entity label, one more relation label.

A record marks them as mentions with ``reference``, in the clusters of what they stand for. A model that learns
references is asked for them as :mod:`relex_kg.extract.references` words it; any other sees the record without them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from relex_kg.extract.references import REFERENCE, STANDS_FOR
from relex_kg.training.data import LabelledRelation, Record


def ask_for_references(record: Record) -> Record:
    """The record with its references as mentions of the label that they are asked with, standing for their cluster.

    A reference stands for every other mention of its cluster, name or reference. A record whose references nobody
    looked for stays as it is.
    """
    if not record.references or record.clusters is None:
        return record
    stands_for = [
        LabelledRelation(reference, other, STANDS_FOR)
        for cluster in record.clusters
        for reference in cluster
        if record.entities[reference].reference
        for other in cluster
        if other != reference
    ]
    return replace(
        record,
        entities=tuple(replace(entity, type=REFERENCE) if entity.reference else entity for entity in record.entities),
        entity_types=None if record.entity_types is None else (*record.entity_types, REFERENCE),
        relations=(*record.relations, *stands_for),
        relation_types=None if record.relation_types is None else (*record.relation_types, STANDS_FOR),
    )


def leave_out_references(record: Record) -> Record:
    """The record with names alone; a relation of a reference passes to the nearest name of its cluster."""
    if not record.references:
        return record
    names = [index for index, entity in enumerate(record.entities) if not entity.reference]
    new_index = {index: number for number, index in enumerate(names)}
    clusters = [[index for index in cluster if index in new_index] for cluster in record.clusters or ()]
    new_cluster = {old: new for new, old in enumerate(old for old, cluster in enumerate(clusters) if cluster)}
    stand_in = _nearest_names(record, new_index, clusters)
    ends = [(stand_in.get(each.head), stand_in.get(each.tail), each.type) for each in record.relations]
    return replace(
        record,
        entities=tuple(record.entities[index] for index in names),
        relations=tuple(
            LabelledRelation(head, tail, type)
            for head, tail, type in dict.fromkeys(ends)
            if head is not None and tail is not None and head != tail
        ),
        no_relation_pairs=tuple(
            (new_index[head], new_index[tail])
            for head, tail in record.no_relation_pairs
            if head in new_index and tail in new_index
        ),
        references=False,
        clusters=None
        if record.clusters is None
        else tuple(tuple(new_index[index] for index in cluster) for cluster in clusters if cluster),
        cluster_relations=tuple(
            LabelledRelation(new_cluster[each.head], new_cluster[each.tail], each.type)
            for each in record.cluster_relations
            if each.head in new_cluster and each.tail in new_cluster
        ),
    )


def _nearest_names(
    record: Record, new_index: Mapping[int, int], clusters: Sequence[Sequence[int]]
) -> Mapping[int, int]:
    """For each mention the new position of itself, or of the name of its cluster that stands nearest."""
    stand_in = dict(new_index)
    for members, cluster in zip(record.clusters or (), clusters, strict=True):
        for index in members:
            if index not in stand_in and cluster:
                start = record.entities[index].start
                nearest = min(cluster, key=lambda name: abs(record.entities[name].start - start))
                stand_in[index] = new_index[nearest]
    return stand_in
