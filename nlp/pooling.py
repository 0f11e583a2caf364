"""The tokens of a BERT encoder into one vector. Importing this loads torch.

What stands in every text says nothing of it: a token counts the less the more frequent it is
(smooth inverse frequency, Arora, Liang and Ma 2017), the two marks that open and close a text among
the most frequent. Its number tells how frequent it is, since the vocabulary of BERT is in that
order (Zipf's law). What a text begins with says most clearly what it is about: it counts three
times, which fades over about 32 tokens. Beside the last layer an earlier one counts a little, which
still knows the words (Huang et al. 2021 average layers, too).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

SMOOTH = 0.03
FIRST_WORD = 1_996
BEGINNING, FADES = 2.0, 32.0
EARLIER = 0.15
DEPTH = 2 / 3


def frequencies(count: int) -> Tensor:
    """How large a part of all that is written each of `count` tokens is, by its number; signs and
    marks, which come before the words, count as the most frequent word.
    """
    ranks = (torch.arange(count) - FIRST_WORD + 1).clamp(min=1).double()
    words = max(count - FIRST_WORD, 1)
    return (1 / (ranks * (1 / torch.arange(1, words + 1).double()).sum())).float()


class Pooling(nn.Module):
    """Takes the place of a model's own pooling in sentence-transformers. The model has to hand on
    all its layers (`output_hidden_states`).
    """

    rarity: Tensor
    beginning: Tensor

    def __init__(self, bert: Any) -> None:
        super().__init__()
        rarity = SMOOTH / (SMOOTH + frequencies(bert.config.vocab_size))
        after = torch.arange(bert.config.max_position_embeddings) - 1  # behind the opening mark
        beginning = 1 + BEGINNING * torch.exp(-after.clamp(min=0) / FADES)
        self.register_buffer("rarity", rarity, persistent=False)
        self.register_buffer("beginning", beginning, persistent=False)
        self.earlier = round(DEPTH * bert.config.num_hidden_layers)

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        """Adds the vectors (texts, size) of what was read of a batch."""
        layers = features["all_layer_embeddings"]
        weights = self.weigh(features["input_ids"]) * features["attention_mask"]
        told = self.pool(weights, layers[self.earlier], layers[-1])
        return {**features, "sentence_embedding": told}

    def weigh(self, ids: Tensor) -> Tensor:
        """How much each token of texts counts (…, tokens)."""
        return self.rarity[ids] * self.beginning[: ids.shape[-1]]

    def pool(self, weights: Tensor, earlier: Tensor, last: Tensor) -> Tensor:
        """Vectors (…, size) of length one, of the weights of tokens (…, tokens) and what an earlier
        layer and the last one say of them (…, tokens, size).
        """
        both = [functional.normalize((weights[..., None] * one).sum(-2), dim=-1)
                for one in (earlier, last)]  # fmt: skip
        return functional.normalize(EARLIER * both[0] + both[1], dim=-1)
