"""The bricks of the joint model. B texts, W words, C entity labels, R relation labels, D hidden width."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad, relu
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class PartedLinear(nn.Linear):
    """A linear layer over a concatenation of equally wide parts, which can be multiplied before they are joined.

    Where many concatenations share a part, it is multiplied once: ``W [a; b] + c = W_a a + (W_b b + c)``.

    *Shape:* (..., ``width`` * ``parts``) to (..., ``out_width``).
    """

    def __init__(self, width: int, out_width: int, *, parts: int) -> None:
        super().__init__(width * parts, out_width)
        self.parts = parts

    def part(self, index: int, values: Tensor) -> Tensor:
        """What one part (..., ``width``) adds to the output, without the bias."""
        return linear(values, self.weight.chunk(self.parts, dim=1)[index])


class LabelLinear(nn.Linear):
    """A linear layer whose output may be wanted only for its dot products with labels.

    *Shape:* (..., ``width``) to (..., ``out_width``).
    """

    def against(self, values: Tensor, labels: Tensor) -> Tensor:
        """Dot products of the output with labels (B, C, ``out_width``): values (B, ..., ``width``) to (B, ..., C).

        ``(W x + c) l = x (W' l) + c l``: the labels, which are few, are multiplied in place of the values.
        """
        flat = values.flatten(1, -2) @ (labels @ self.weight).transpose(1, 2)
        flat = flat + (labels @ self.bias).unsqueeze(1)
        return flat.view(*values.shape[:-1], labels.size(1))


class Projection(nn.Sequential):
    """Two linear layers with a ReLU between, four times the output's width inside.

    *Shape:* (..., ``width``) to (..., ``out_width``).
    """

    def __init__(self, width: int, out_width: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, out_width * 4), nn.ReLU(), nn.Dropout(dropout), nn.Linear(out_width * 4, out_width)
        )


class JoinedProjection(nn.Sequential):
    """A projection of two vectors [a; b], each as wide as the output.

    *Shape:* (..., ``width`` * 2) to (..., ``width``).
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__(
            PartedLinear(width, width * 4, parts=2), nn.ReLU(), nn.Dropout(dropout), LabelLinear(width * 4, width)
        )

    def first(self, values: Tensor) -> Tensor:
        """What a (..., ``width``) adds to the hidden layer, its bias included: (..., ``width`` * 4)."""
        return self[0].part(0, values) + self[0].bias  # type: ignore[operator, no-any-return]

    def second(self, values: Tensor) -> Tensor:
        """What b (..., ``width``) adds to the hidden layer: (..., ``width`` * 4)."""
        return self[0].part(1, values)  # type: ignore[operator, no-any-return]

    def against(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Dot products with labels (B, C, ``width``), from sums of both parts (B, ..., ``width`` * 4): (B, ..., C)."""
        return self[3].against(self[2](relu(hidden)), labels)  # type: ignore[operator, no-any-return]


class WordLSTM(nn.Module):
    """A bidirectional LSTM over the words of each text.

    *Shape:* words (B, W, D), mask (B, W) to (B, W, D); rows beyond a text's end come out as zeros.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width // 2, num_layers=layers, bidirectional=True, batch_first=True)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=words.size(1))
        return output


class TokenScorer(nn.Module):
    """Start, end and inside logits of every word for every entity label.

    The reference concatenates [word; label; word * label] for every pair before its first linear layer. The layer is
    linear, so here it is applied to the three parts on their own and only the product part is made for every pair:
    the same sums, a third of the work.

    A few words at a time, so that what is made on the way, (B, W, C, 4 D), stays small however long the texts are;
    on a CPU so few that it stays in the cache.

    *Shape:* words (B, W, D), labels (B, C, D) to (B, W, C, 3).
    """

    AT_ONCE = 1 << 24  # values of the hidden layer
    AT_ONCE_ON_CPU = 1 << 20

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.word = nn.Linear(width, width * 2)
        self.label = nn.Linear(width, width * 2)
        self.mix = PartedLinear(width, width * 4, parts=3)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width * 4, 3)

    def forward(self, words: Tensor, labels: Tensor) -> Tensor:
        a_word = words.size(0) * labels.size(1) * self.width * 4
        at_once = self.AT_ONCE_ON_CPU if words.device.type == "cpu" else self.AT_ONCE
        blocks = torch.split(words, max(1, at_once // max(1, a_word)), dim=1)
        return torch.cat([self._logits(block, labels) for block in blocks], dim=1)

    def _logits(self, words: Tensor, labels: Tensor) -> Tensor:
        word_alone, word_factor = self.word(words).split(self.width, dim=-1)
        label_alone, label_factor = self.label(labels).split(self.width, dim=-1)
        hidden = self.mix.part(2, word_factor.unsqueeze(2) * label_factor.unsqueeze(1))
        # In place: memory of this size goes back to the system when it is freed, and is slow to get again
        hidden += self.mix.part(0, word_alone).unsqueeze(2)
        hidden += (self.mix.part(1, label_alone) + self.mix.bias).unsqueeze(1)
        return self.out(relu(self.dropout(hidden), inplace=True))  # type: ignore[no-any-return]


class SpanMarker(nn.Module):
    """A span's representation from its first and last word.

    *Shape:* first and last words (..., D) to (..., D).
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.start = Projection(width, width, dropout)
        self.end = Projection(width, width, dropout)
        self.out = JoinedProjection(width, dropout)

    def forward(self, first: Tensor, last: Tensor) -> Tensor:
        return self.out(relu(torch.cat([self.start(first), self.end(last)], dim=-1)))  # type: ignore[no-any-return]

    def window_logits(self, words: Tensor, labels: Tensor, max_width: int) -> Tensor:
        """Every span of up to ``max_width`` words against labels: (B, W, D), (B, C, D) to (B, W, max_width, C).

        Ends past W repeat word 0. The representations themselves are never made: a word is projected once for all
        spans that begin or end with it, and the last layer meets the labels first.
        """
        length = words.size(1)
        start, end = self.out.first(relu(self.start(words))), self.out.second(relu(self.end(words)))
        end = torch.cat([end, end[:, :1].expand(-1, max_width - 1, -1)], dim=1)
        widths = (self.out.against(start + end[:, extra : extra + length], labels) for extra in range(max_width))
        return torch.stack(list(widths), dim=2)


class PairContext(nn.Module):
    """What the words around two spans say of the pair: before the first, between the two, and after the second.

    Each segment is the mean of its words behind one linear layer and a ReLU, so a pair costs the same however far
    apart its spans stand. Which of the two comes first decides the output layer; both start at zero.

    *Shape:* words (W, D), spans (E, 2) and pairs (P, 2), indices of spans, to (P, D).
    """

    AROUND = 4  # words looked at before the first span and after the second

    def __init__(self, width: int) -> None:
        super().__init__()
        self.word = nn.Linear(width, width)
        self.head_first = nn.Linear(width * 3, width)
        self.tail_first = nn.Linear(width * 3, width)
        for layer in (self.head_first, self.tail_first):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, words: Tensor, spans: Tensor, pairs: Tensor) -> Tensor:
        sums = pad(relu(self.word(words)).float().cumsum(dim=0), (0, 0, 1, 0))
        ends = spans[pairs]
        first_start, first_end = ends[..., 0].amin(dim=1), ends[..., 1].amin(dim=1) + 1
        last_start, last_end = ends[..., 0].amax(dim=1), ends[..., 1].amax(dim=1) + 1
        segments = (
            ((first_start - self.AROUND).clamp(min=0), first_start),
            (first_end, torch.maximum(last_start, first_end)),
            (last_end, (last_end + self.AROUND).clamp(max=len(words))),
        )
        means = torch.cat(
            [
                (rows(sums, end) - rows(sums, start)) / (end - start).clamp(min=1).unsqueeze(1)
                for start, end in segments
            ],
            dim=1,
        ).to(words.dtype)
        head_first = (ends[:, 0, 0] <= ends[:, 1, 0]).unsqueeze(1)
        return torch.where(head_first, self.head_first(means), self.tail_first(means))


class PairAttention(nn.Module):
    """What the words say of a pair that both its mentions attend to, wherever they stand.

    The localized context of ATLOP (arXiv 2010.11304), with queries of its own instead of the encoder's: a word weighs
    as its match with the head times its match with the tail. The output layer starts at zero.

    *Shape:* words (W, D), mentions (E, D) and pairs (P, 2), head and tail among the mentions, to (P, D).
    """

    HEADS = 4

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head_query = nn.Linear(width, width)
        self.tail_query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, words: Tensor, mentions: Tensor, pairs: Tensor) -> Tensor:
        keys, values = self._by_head(self.key(words)), self._by_head(self.value(words))
        as_head = self._by_head(self.head_query(mentions)) @ keys.transpose(1, 2)
        as_tail = self._by_head(self.tail_query(mentions)) @ keys.transpose(1, 2)
        scores = as_head.index_select(1, pairs[:, 0]) + as_tail.index_select(1, pairs[:, 1])
        weights = torch.softmax(scores.float() / keys.size(2) ** 0.5, dim=2).to(values.dtype)
        return self.out((weights @ values).transpose(0, 1).flatten(1))  # type: ignore[no-any-return]

    def _by_head(self, vectors: Tensor) -> Tensor:
        """(N, D) to (heads, N, D / heads)."""
        return vectors.view(len(vectors), self.HEADS, -1).transpose(0, 1)


def rows(values: Tensor, positions: Tensor) -> Tensor:
    """Rows (N, D) of values (L, D) at positions (N,), one perhaps several times.

    Not ``values[positions]``: on a CPU with several threads the order in which that sums its gradient is left to
    chance, and with it the last digits of what is learnt.
    """
    return values.index_select(0, positions)


def gather(values: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
    """Pick rows (B, L, D) at positions (B, N), zeros where the mask (B, N) is False: (B, N, D)."""
    index = positions.unsqueeze(-1).expand(-1, -1, values.size(-1))
    return values.gather(1, index) * mask.unsqueeze(-1)


def shifted_left(values: Tensor, steps: int) -> Tensor:
    """Values (B, W, C) with word w+steps at w, zeros at the end."""
    return pad(values[:, steps:], (0, 0, 0, min(steps, values.size(1))))
