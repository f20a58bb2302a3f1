"""The training loss: alpha-balanced binary cross-entropy on every judged decision (arXiv 2605.10108, section 3)."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def balanced_loss(logits: Tensor, targets: Tensor, weights: Tensor, *, alpha: float) -> Tensor:
    """Weighted sum of cross-entropies; positives weigh ``alpha``, negatives ``1 - alpha``, each times its own weight.

    It is the focal loss of Lin et al. 2017 (arXiv 1708.02002) at gamma = 0.

    *Shape:* all three (...); ``targets`` in {0, 1}, ``weights`` numbers or booleans (0: the annotation does not say).
    Returns a scalar.
    """
    # Away from float16/bfloat16: a sum over thousands of decisions loses its small terms there
    losses = binary_cross_entropy_with_logits(logits.float(), targets.float(), reduction="none")
    return (losses * (targets * alpha + (1 - targets) * (1 - alpha)) * weights).sum()
