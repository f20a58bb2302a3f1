"""Calibration, on examples small enough to count by hand."""

import pytest

from relex_kg.training.calibration import Bin, Calibration

# By bin: 0.9-1 mean 0.95, one of two right; 0.6-0.7 mean 0.65, both right; 0.1-0.2 mean 0.1, none right
PREDICTIONS = [(0.92, True), (0.98, False), (0.6, True), (0.7 - 1e-9, True), (0.1, False)]


def test_the_error_is_the_mean_gap_between_score_and_share_that_is_right() -> None:
    # (2 * |0.95 - 0.5| + 2 * |0.65 - 1| + 1 * |0.1 - 0|) / 5 = (0.9 + 0.7 + 0.1) / 5
    assert Calibration.of(PREDICTIONS).error == pytest.approx(0.34)


def test_a_bin_holds_its_lower_end_and_the_last_one_both() -> None:
    bins = Calibration.of([(0.0, False), (0.1, True), (0.3, True), (0.9, False), (1.0, True)]).bins
    assert len(bins) == 10
    assert [row for row, one in enumerate(bins) if one.predictions] == [0, 1, 3, 9]
    assert bins[9] == Bin(predictions=2, right=1, scores=1.9)


def test_scores_that_mean_what_they_say_have_no_error() -> None:
    assert Calibration.of([(0.75, True), (0.75, True), (0.75, True), (0.75, False)]).error == 0.0


def test_no_predictions_have_no_error() -> None:
    assert Calibration.of([]).error == 0.0


def test_parts_add_up_to_the_whole() -> None:
    parts = Calibration.of(PREDICTIONS[:2]) + Calibration.of(PREDICTIONS[2:])
    whole = Calibration.of(PREDICTIONS)
    assert [(one.predictions, one.right) for one in parts.bins] == [(one.predictions, one.right) for one in whole.bins]
    assert parts.error == pytest.approx(whole.error)
