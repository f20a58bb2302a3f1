"""Labels that are read without the text: what a BERT encoder makes of them serves every text that is asked the same.

Tokens of the prompt attend to the prompt alone, tokens of the text to prompt and text. So keys and values of the
prompt's tokens depend on the labels only. Where a schema is asked of many windows, they are made once, and a window
costs no more than its own tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class ReadPrompts:
    """What the encoder makes of U prompts of P tokens, by layer, for H heads of width d.

    Shapes: ``keys`` and ``values`` (U, H, P, d) each; ``mask``, False where padded (U, P); ``entities`` and
    ``relations``, what stands for each label (U, C, D) and (U, R, D); ``entity_mask`` and ``relation_mask``.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask: Tensor
    entities: Tensor
    relations: Tensor


class KeysAndValues:
    """Notes the keys and values of every layer while a prompt is read; a BERT layer takes it for its cache."""

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def update(self, keys: Tensor, values: Tensor, layer: int, **_: Any) -> tuple[Tensor, Tensor]:
        self.keys.append(keys)
        self.values.append(values)
        return keys, values


class InFront:
    """Puts the prompts' keys and values in front of the texts' own in every layer.

    Args:
        prompts: what was read before.
        rows: which of the prompts stands before each text (B,).
    """

    def __init__(self, prompts: ReadPrompts, rows: Tensor) -> None:
        self._prompts = prompts
        self._rows = rows

    def update(self, keys: Tensor, values: Tensor, layer: int, **_: Any) -> tuple[Tensor, Tensor]:
        return (
            torch.cat([of_each_text(self._prompts.keys[layer], self._rows), keys], dim=2),
            torch.cat([of_each_text(self._prompts.values[layer], self._rows), values], dim=2),
        )


def of_each_text(of_prompts: Tensor, rows: Tensor) -> Tensor:
    """Values of prompts (U, ...) as those of the texts that are asked with them (B, ...)."""
    if of_prompts.size(0) == 1:
        return of_prompts.expand(len(rows), *of_prompts.shape[1:])
    return of_prompts.index_select(0, rows)


def through_layers(encoder: Any, embedded: Tensor, readable: Tensor, cache: KeysAndValues | InFront) -> Tensor:
    """What the layers of a BERT encoder make of embedded tokens.

    Args:
        encoder: the encoder.
        embedded: the tokens (B, T, D).
        readable: which tokens are read, those that the cache puts in front included (B, P + T).
        cache: hears or adds keys and values.
    """
    mask = None if bool(readable.all()) else readable[:, None, None, :]
    for layer in _layers(encoder):
        embedded = layer(embedded, mask, cache=cache)
    return embedded


def _layers(encoder: Any) -> Iterator[nn.Module]:
    yield from encoder.encoder.layer
