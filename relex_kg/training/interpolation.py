"""What few records teach, held back a little: weights between those of before and those of after training.

Fine-tuned weights know the new records by heart. On other texts, weights somewhat nearer to the starting ones are
mostly better: WiSE-FT (arXiv 2109.01903).
"""

from collections.abc import Mapping
from copy import deepcopy

from torch import Tensor

from relex_kg.extract.model import RelexModel


class Interpolation:
    """The way from a model's weights as they are now to those it will have.

    Args:
        model: before training.
        share: how much of the way to go, in 0..1: at 0 nothing was learnt, at 1 the weights are the trained ones.
    """

    def __init__(self, model: RelexModel, share: float) -> None:
        self._share = share
        self._start: Mapping[str, Tensor] = {} if share == 1 else deepcopy(model.state_dict())

    def of(self, trained: RelexModel) -> RelexModel:
        """The model at this share of the way; the trained one stays as it is."""
        between = deepcopy(trained)
        weights = between.state_dict()
        for name, start in self._start.items():
            if start.is_floating_point():
                weights[name].lerp_(start.to(weights[name].device), 1 - self._share)
        return between
