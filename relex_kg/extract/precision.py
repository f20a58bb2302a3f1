"""A loaded model made ready to read fast: its linear layers packed for the CPU, exactly or in fewer bits.

Weights are laid out once as the CPU's matrix kernels want them. The result reads and is not trained or saved.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.deberta_v2.modeling_deberta_v2 import DebertaV2Layer

from relex_kg.errors import ModelError
from relex_kg.extract.attention import with_bfloat16_attention
from relex_kg.extract.disentangled import with_fast_attention
from relex_kg.extract.layers import LabelLinear, PartedLinear
from relex_kg.extract.model import RelexModel
from relex_kg.types import Precision

_Pack = Callable[[Tensor, Tensor | None], nn.Module]

_EXPECTED_ROWS = 512  # about how many vectors a layer meets at once; the packed layout is chosen for it


def prepared(model: RelexModel, precision: Precision, device: str) -> RelexModel:
    """The model on its device, its linear layers replaced in place.

    ``float32`` gives the same results as the model itself, up to float tolerance. ``bfloat16`` keeps three digits of
    the encoder's products. ``int8`` rounds weights (one scale an output) and what they are multiplied with (one scale
    a text) to 8 bits, but in layers that narrow; inputs of the encoder's feed-forward layers are smoothed before. Where
    the processor has bfloat16 arithmetic, the encoder is in that instead, which is about as fast and nearer.

    Raises:
        ModelError: this device has no such arithmetic.
    """
    refuse_unsupported(precision, device)
    model = model.to(device)
    if device != "cpu":
        return model
    model = with_fast_attention(model)
    if precision == "float32":
        if _has_onednn() and torch.cpu._is_avx512_supported():
            _replace(model, _PackedLinear)
        return model
    if has_bfloat16():
        with_bfloat16_attention(model.encoder)
        _replace(model.encoder, _Bfloat16Linear)
    else:
        _smooth_feed_forward(model.encoder)
    _replace(model, _int8_unless_narrowing if precision == "int8" else _PackedLinear)
    return model


class _PackedLinear(nn.Module):
    """A linear layer by oneDNN, whose float32 kernels use AVX-512 also where MKL, not knowing the processor, does not.

    With AVX2 alone MKL is as good or a tenth faster, and asks for no packing.

    *Shape:* as :class:`torch.nn.Linear`.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _EXPECTED_ROWS)
        self._bias = None if bias is None else bias.detach()

    def forward(self, values: Tensor) -> Tensor:
        output: Tensor = torch.ops.mkldnn._linear_pointwise(values, self._weight, self._bias, "none", [], "")
        return output


class _Bfloat16Linear(nn.Module):
    """A linear layer with bfloat16 inputs and output; what is added to it in float32 makes it that again.

    *Shape:* as :class:`torch.nn.Linear`.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._packed = _PackedLinear(weight.bfloat16(), None if bias is None else bias.bfloat16())

    def forward(self, values: Tensor) -> Tensor:
        output: Tensor = self._packed(values.bfloat16())
        return output


class _Int8Linear(nn.Module):
    """A linear layer in 8-bit integers: weights rounded once, inputs as they come, over their common range.

    *Shape:* as :class:`torch.nn.Linear`.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        weight = weight.detach().float()
        scales = (weight.abs().amax(dim=1) / 127).clamp(min=1e-12)
        with warnings.catch_warnings(), _int8_engine():
            warnings.simplefilter("ignore")  # announces that its successor lives in another package
            rounded = torch.quantize_per_channel(
                weight.contiguous(), scales.double(), torch.zeros(len(weight), dtype=torch.long), 0, torch.qint8
            )
            self._packed = torch.ops.quantized.linear_prepack(rounded, None if bias is None else bias.detach())
        # Without VNNI two products are added in 16 bits, which overflow unless inputs are kept to 7 bits
        self._reduced = not torch.cpu._is_vnni_supported()

    def forward(self, values: Tensor) -> Tensor:
        output: Tensor = torch.ops.quantized.linear_dynamic(values, self._packed, self._reduced)
        return output


class _SmoothedInt8Linear(nn.Module):
    """An 8-bit layer behind a norm, some of whose channels are far greater than the others.

    Inputs are divided by how great their channel gets, and weights multiplied with it before they are rounded:
    SmoothQuant (arXiv 2211.10438, formula 4) with its strength at 1. How great is read off the norm's own parameters,
    which say too little of the greatest channels; with strengths below 1 those were still too great.

    *Shape:* as :class:`torch.nn.Linear`.
    """

    def __init__(self, layer: nn.Linear, norm: nn.LayerNorm) -> None:
        super().__init__()
        # Before the norm's own scale and shift, a value is rarely beyond three standard deviations
        greatest = (3 * norm.weight.abs() + norm.bias.abs()).detach().float().clamp(min=1e-6)
        self._inverse = 1 / greatest
        self._inner = _Int8Linear(layer.weight.detach().float() * greatest, layer.bias)

    def forward(self, values: Tensor) -> Tensor:
        output: Tensor = self._inner(values * self._inverse)
        return output


class _Parts(nn.Module):
    """A :class:`PartedLinear` with every part packed on its own.

    *Shape:* as :class:`PartedLinear`.
    """

    def __init__(self, layer: PartedLinear, pack: _Pack) -> None:
        super().__init__()
        self.bias = layer.bias.detach()
        self._parts = nn.ModuleList(pack(weight, None) for weight in layer.weight.chunk(layer.parts, dim=1))

    def forward(self, values: Tensor) -> Tensor:
        parts = values.chunk(len(self._parts), dim=-1)
        return sum((self.part(index, part) for index, part in enumerate(parts)), start=self.bias)

    def part(self, index: int, values: Tensor) -> Tensor:
        packed: Tensor = self._parts[index](values)
        return packed


def _replace(module: nn.Module, pack: _Pack) -> None:
    """Every linear layer below a module, but those that are read through their weights."""
    for name, child in module.named_children():
        if isinstance(child, PartedLinear):
            setattr(module, name, _Parts(child, pack))
        elif isinstance(child, nn.Linear) and not isinstance(child, LabelLinear):
            setattr(module, name, pack(child.weight, child.bias))
        else:
            _replace(child, pack)


def _smooth_feed_forward(encoder: nn.Module) -> None:
    """The first layer of every feed-forward block; without this they lose more than all other 8-bit layers together."""
    for block in encoder.modules():
        if isinstance(block, BertLayer | DebertaV2Layer):
            norm = block.attention.output.LayerNorm
            block.intermediate.add_module("dense", _SmoothedInt8Linear(block.intermediate.dense, norm))


def _int8_unless_narrowing(weight: Tensor, bias: Tensor | None) -> nn.Module:
    """A layer with fewer outputs than inputs reads what an activation function made of a wider one.

    A few of those values are so great that the others, sharing their scale, would lose most of their digits.
    """
    outputs, inputs = weight.shape
    return _Int8Linear(weight, bias) if outputs >= inputs else _PackedLinear(weight, bias)


@contextmanager
def _int8_engine() -> Iterator[None]:
    """Pack for oneDNN; torch's own choice is FBGEMM where there is no VNNI, which is some percent slower."""
    usual = torch.backends.quantized.engine
    torch.backends.quantized.engine = "onednn" if "onednn" in torch.backends.quantized.supported_engines else "x86"
    try:
        yield
    finally:
        torch.backends.quantized.engine = usual


def _has_onednn() -> bool:
    """Whether this build of torch has the packed kernels; Apple's and some others do not."""
    built_in: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return built_in and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself, and torch lets it: ``ONEDNN_MAX_CPU_ISA`` may forbid it."""
    if not (_has_onednn() and torch.cpu._is_avx512_bf16_supported()):
        return False
    allowed: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return allowed


def refuse_unsupported(precision: Precision, device: str) -> None:
    """Make sure that the device can calculate so.

    Raises:
        ModelError: it has no such arithmetic.
    """
    if precision != "float32" and device != "cpu":
        raise ModelError(
            f"precision {precision} is for the CPU, and the model is to run on {device!r}",
            fix="ask for precision float32 on this device, or for the device cpu",
        )
    if precision == "bfloat16" and not has_bfloat16():
        raise ModelError(
            "this processor has no bfloat16 arithmetic, or this build of torch does not use it",
            fix="ask for precision float32 or int8",
        )
    if precision == "int8" and not (_has_onednn() and "x86" in torch.backends.quantized.supported_engines):
        raise ModelError(
            "this build of torch has no fast 8-bit arithmetic",
            cause="it was built for another processor than x86-64",
            fix="ask for precision float32",
        )
