"""Whether scores mean what they say: of predictions scored 0.7, seven in ten should be right."""

from collections.abc import Iterable
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about one score: how many, how many of them right, and the sum of their scores."""

    predictions: int
    right: int
    scores: float

    def __add__(self, other: "Bin") -> "Bin":
        return Bin(self.predictions + other.predictions, self.right + other.right, self.scores + other.scores)

    @property
    def gap(self) -> float:
        """By how many predictions the scores promise too much or too little."""
        return abs(self.scores - self.right)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predictions in ten bins of equal width: the first holds scores below 0.1, the last those from 0.9 on."""

    bins: tuple[Bin, ...]

    @classmethod
    def of(cls, predictions: Iterable[tuple[float, bool]]) -> "Calibration":
        """From the score (0..1) of each prediction, and whether it is right."""
        bins = [Bin(0, 0, 0.0)] * BINS
        for score, right in predictions:
            row = min(int(score * BINS), BINS - 1)
            bins[row] += Bin(1, int(right), score)
        return cls(tuple(bins))

    def __add__(self, other: "Calibration") -> "Calibration":
        return Calibration(tuple(one + another for one, another in zip(self.bins, other.bins, strict=True)))

    @property
    def error(self) -> float:
        """Expected calibration error in 0..1: how far the bins' mean scores are from the shares that are right.

        Each bin weighs as its predictions do. 0 where there are none.
        """
        total = sum(one.predictions for one in self.bins)
        return sum(one.gap for one in self.bins) / total if total else 0.0
