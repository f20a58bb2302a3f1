"""Weights between those of before and after training."""

from pathlib import Path

import pytest
import torch

from relex_kg.extract.checkpoint import load
from relex_kg.extract.model import RelexModel
from relex_kg.training.interpolation import Interpolation


@pytest.fixture
def model(reference: Path) -> RelexModel:
    return load(reference / "token-none-rnn0-bert").model


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_go_a_share_of_the_way(model: RelexModel, share: float) -> None:
    interpolation = Interpolation(model, share)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(2.0)
    between = interpolation.of(model).state_dict()
    for name, value in before.items():
        learnt = 2.0 if value.is_floating_point() and name in dict(model.named_parameters()) else 0.0
        torch.testing.assert_close(between[name], value + share * learnt if learnt else value, msg=name)
        torch.testing.assert_close(model.state_dict()[name], value + learnt if learnt else value, msg=name)
