"""Several annotated records as one."""

from relex_kg.training.data import LabelledRelation, LabelledSpan
from relex_kg.training.joining import join
from tests.unit.training.conftest import MakeRecord


def test_joined_records_keep_their_offsets_and_indices(record: MakeRecord) -> None:
    one = record("Ada knew Bea", [("Ada", "gnome"), ("Bea", "elf")], (0, 1, "knew"), clusters=((0,), (1,)),
                 cluster_relations=(LabelledRelation(0, 1, "knew"),), id="1")  # fmt: skip
    two = record("Cyd fed Dot", [("Cyd", "elf"), ("Dot", "elf")], (1, 0, "fed by"), no_relation_pairs=((0, 1),),
                 clusters=((0, 1),), id="2")  # fmt: skip
    joined = join([one, two, one])
    assert joined.text == "Ada knew Bea Cyd fed Dot Ada knew Bea"
    assert [joined.text[e.start : e.end] for e in joined.entities] == ["Ada", "Bea", "Cyd", "Dot", "Ada", "Bea"]
    assert joined.entities[2] == LabelledSpan(13, 16, "elf")
    assert [(r.head, r.tail, r.type) for r in joined.relations] == [(0, 1, "knew"), (3, 2, "fed by"), (4, 5, "knew")]
    assert joined.no_relation_pairs == ((2, 3),)
    assert joined.clusters == ((0,), (1,), (2, 3), (4,), (5,))
    assert [(r.head, r.tail) for r in joined.cluster_relations] == [(0, 1), (3, 4)]
    assert joined.id == "1+2+1"


def test_a_record_alone_is_joined_to_nothing(record: MakeRecord) -> None:
    alone = record("Ada", [("Ada", "gnome")])
    assert join([alone]) is alone
