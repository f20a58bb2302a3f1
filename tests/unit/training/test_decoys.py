"""Mentions that a model finds where none is, as negatives."""

import torch
from torch import Tensor

from relex_kg.extract.encoding import Encoding
from relex_kg.training.decoys import with_decoys
from relex_kg.training.examples import Example

WORDS = "Ada met Bea near the old mill at dawn"


def example(encoding: Encoding, *, complete: bool = True, relations: tuple[str, ...] = ("knows", "guards")) -> Example:
    """Two mentions, the words 0 and 2, of which the first knows the second."""
    return Example(
        text=encoding.texts([WORDS])[0],
        entities=("gnome",),
        relations=relations,
        spans=torch.tensor([[0, 0], [2, 2]]),
        mentions=torch.tensor([[0, 0], [1, 0]]),
        judged_words=torch.ones(9, 1, dtype=torch.bool),
        pairs=torch.tensor([[0, 1], [1, 0]]),
        related=torch.tensor([[1.0, 0.0], [0.0, 0.0]]),
        pair_weights=torch.ones(2, 2),
        complete=complete,
    )


def found(*spans: tuple[int, int]) -> Tensor:
    """Logits (1, 9, 1, 3) of a model that finds these spans and nothing else."""
    logits = torch.full((1, 9, 1, 3), -9.0)
    for first, last in spans:
        logits[0, first, 0, 0] = logits[0, last, 0, 1] = 9.0
        logits[0, first : last + 1, 0, 2] = 9.0
    return logits


def test_a_span_found_beside_the_marked_ones_is_related_to_nothing(encoding: Encoding) -> None:
    (grown,) = with_decoys([example(encoding)], found((0, 0), (2, 2), (5, 6)), "token_level")
    assert grown.spans.tolist() == [[0, 0], [2, 2], [5, 6]]
    assert grown.pairs.tolist() == [[0, 1], [1, 0], [0, 2], [1, 2], [2, 0], [2, 1]]
    assert grown.related.tolist() == [[1, 0]] + [[0, 0]] * 5
    assert grown.pair_weights.tolist() == [[1, 1]] * 6
    assert grown.mentions.tolist() == [[0, 0], [1, 0]]


def test_a_span_that_touches_a_marked_one_is_no_decoy(encoding: Encoding) -> None:
    before = example(encoding)
    (grown,) = with_decoys([before], found((0, 1), (2, 4)), "token_level")
    assert grown is before


def test_annotation_that_is_not_complete_knows_no_decoys(encoding: Encoding) -> None:
    for before in (example(encoding, complete=False), example(encoding, relations=())):
        (grown,) = with_decoys([before], found((5, 6)), "token_level")
        assert grown is before


def test_labels_of_other_texts_in_the_batch_find_nothing_here(encoding: Encoding) -> None:
    before = example(encoding)
    padding = torch.cat([found(), found((5, 6))], dim=2)  # the second label is asked of another text alone
    (grown,) = with_decoys([before], padding, "token_level")
    assert grown is before


def test_spans_of_the_span_head_are_decoys_too(encoding: Encoding) -> None:
    logits = torch.full((1, 9, 4, 1), -9.0)
    logits[0, 5, 1, 0] = 9.0
    (grown,) = with_decoys([example(encoding)], logits, "markerV0")
    assert grown.spans.tolist() == [[0, 0], [2, 2], [5, 6]]
