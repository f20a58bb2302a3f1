"""Which records are read, in which order and company."""

from collections import Counter

import pytest
import torch

from relex_kg.errors import DataError
from relex_kg.extract.encoding import Batch, Encoding, SplitBatch
from relex_kg.training.data import Record
from relex_kg.training.examples import Limits
from relex_kg.training.mixture import PlannedBatches, Source
from relex_kg.training.passages import PassageMaker
from tests.unit.training.conftest import MakeRecord, plain_maker

NAMES = ["Ada", "Bea", "Cyd", "Dot", "Eve", "Fay", "Gus", "Hal"]


def planned(
    encoding: Encoding,
    *sources: Source,
    seed: int = 13,
    batch_tokens: int = 30,
    join_tokens: int = 0,
    share_tokens: int = 0,
    split: bool = False,
) -> PlannedBatches:
    maker = plain_maker(encoding, Limits(5, 5, 20))
    return PlannedBatches(
        sources,
        maker,
        encoding,
        seed=seed,
        batch_tokens=batch_tokens,
        join_tokens=join_tokens,
        share_tokens=share_tokens,
        split=split,
        passages=PassageMaker(crop=0.0, title=0.0),
        references=False,
    )


def inputs(batches: PlannedBatches) -> list[list[list[int]]]:
    return [joint_inputs(batches, index).input_ids.tolist() for index in range(len(batches))]


def joint_inputs(batches: PlannedBatches, index: int) -> Batch:
    batch = batches[index].inputs
    assert isinstance(batch, Batch)
    return batch


@pytest.fixture
def records(record: MakeRecord) -> tuple[Record, ...]:
    return tuple(
        record(f"{name} saw a {'very ' * number}big ship .", [(name, "gnome"), ("ship", "boat")], (0, 1, "saw"))
        for number, name in enumerate(NAMES)
    )


def words_drawn(batches: PlannedBatches) -> Counter[int]:
    """How often texts of each length were drawn; here every record has another length."""
    return Counter(len(e.text.words) for index in range(len(batches)) for e in batches[index].examples)


def test_the_seed_fixes_everything(encoding: Encoding, records: tuple[Record, ...]) -> None:
    source = Source("a", records, 8)
    assert inputs(planned(encoding, source)) == inputs(planned(encoding, source))
    assert inputs(planned(encoding, source)) != inputs(planned(encoding, source, seed=14))


def test_a_batch_is_the_same_each_time_it_is_asked_for(encoding: Encoding, records: tuple[Record, ...]) -> None:
    batches = planned(encoding, Source("a", records, 8))
    first, again = batches[1], batches[1]
    assert torch.equal(joint_inputs(batches, 1).input_ids, joint_inputs(batches, 1).input_ids)
    assert [e.relations for e in first.examples] == [e.relations for e in again.examples]


@pytest.mark.parametrize("draws", [3, 8, 20])
def test_no_record_is_drawn_again_before_all_were(encoding: Encoding, records: tuple[Record, ...], draws: int) -> None:
    drawn = words_drawn(planned(encoding, Source("a", records, draws)))
    assert sum(drawn.values()) == draws
    assert set(drawn.values()) <= {draws // 8, -(-draws // 8)}


def test_batches_keep_to_their_size(encoding: Encoding, records: tuple[Record, ...]) -> None:
    batches = planned(encoding, Source("a", records, 8), batch_tokens=30)
    assert 1 < len(batches) < 8
    for index in range(len(batches)):
        examples = batches[index].examples
        padded = len(examples) * max(len(e.text.words) for e in examples)
        assert len(examples) == 1 or padded <= 30 * 1.5


def test_short_records_of_one_annotation_share_an_input(encoding: Encoding, records: tuple[Record, ...]) -> None:
    apart = planned(encoding, Source("a", records, 8), batch_tokens=1)
    joined = planned(encoding, Source("a", records, 8), batch_tokens=1, join_tokens=1000)
    assert (len(apart), len(joined)) == (8, 1)
    assert len(joined[0].examples[0].text.words) == sum(length * count for length, count in words_drawn(apart).items())


def test_texts_that_share_their_questions_are_read_apart(encoding: Encoding, records: tuple[Record, ...]) -> None:
    batches = planned(encoding, Source("a", records, 8), batch_tokens=1, share_tokens=1000, split=True)
    assert len(batches) == 1
    examples = batches[0].examples
    assert [len(example.text.words) for example in examples] == [6, 7, 8, 9, 10, 11, 12, 13]
    assert {(example.entities, example.relations) for example in examples} == {
        (examples[0].entities, examples[0].relations)
    }
    split = batches[0].inputs
    assert isinstance(split, SplitBatch)
    assert (split.prompts.input_ids.size(0), split.texts.input_ids.size(0)) == (1, 8)


def test_records_of_other_annotations_or_sources_stay_apart(encoding: Encoding, record: MakeRecord) -> None:
    open_list = record("Ada slept", [("Ada", "gnome")])
    closed = record("Ada slept", [("Ada", "gnome")], entity_types=("gnome",))
    two = Source("a", (open_list, closed), 2)
    assert len(planned(encoding, two, Source("b", (open_list,), 1), batch_tokens=1, join_tokens=1000)) == 3


def test_a_source_that_is_empty_or_not_drawn_from_gives_nothing(
    encoding: Encoding, records: tuple[Record, ...]
) -> None:
    assert len(planned(encoding, Source("a", (), 5), Source("b", records, 0))) == 0


def test_a_batch_of_texts_without_words_gives_its_turn_to_the_next(encoding: Encoding, record: MakeRecord) -> None:
    source = Source("a", (record(" ", []), record("Ada slept long", [("Ada", "gnome")])), 2)
    batches = planned(encoding, source, batch_tokens=1)
    assert len(batches) == 2
    assert inputs(batches)[0] == inputs(batches)[1]


def test_texts_without_words_alone_are_refused(encoding: Encoding, record: MakeRecord) -> None:
    with pytest.raises(DataError, match="no text that the model can read"):
        planned(encoding, Source("a", (record(" ", []),), 1))[0]
