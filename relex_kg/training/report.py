"""What a training run did."""

from collections.abc import Mapping
from dataclasses import dataclass

from relex_kg.training.dev import DevScores


@dataclass(frozen=True, slots=True)
class DevReport:
    """Scores on dev before training and at the best step, whose weights were kept."""

    before: DevScores
    best_step: int
    after: DevScores
    stopped_early: bool


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a run did.

    Attributes:
        records: how many records each file holds.
        drawn: how many were planned to be read from each; a record may be read several times.
        steps: optimizer steps taken.
        loss: mean of the last steps.
        seconds: since the call; what was done before the run was stopped is not counted.
        resumed: whether it went on from an earlier call's step.
        dev: what the dev file says, where one was given.
    """

    records: Mapping[str, int]
    drawn: Mapping[str, int]
    steps: int
    loss: float
    seconds: float
    resumed: bool
    dev: DevReport | None
