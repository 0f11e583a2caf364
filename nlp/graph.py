"""The bundled encoder written down as a graph that ONNX Runtime runs: from token ids to a vector.

Importing this loads torch; it is needed once, to make the file.
"""

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlp.pooling import Pooling

FORMAT = 17
FILLER = 8


class Graph(nn.Module):
    """A BERT encoder for one text alone: no padding and so no mask. Queries, keys and values are
    one product, and the queries carry their scale.
    """

    def __init__(self, bert: Any) -> None:
        super().__init__()
        embeddings, config = bert.embeddings, bert.config
        self.heads = int(config.num_attention_heads)
        self.words, self.norm = embeddings.word_embeddings, embeddings.LayerNorm
        kind = embeddings.token_type_embeddings.weight[0]
        self.places = nn.Parameter(embeddings.position_embeddings.weight + kind)
        self.layers = bert.encoder.layer
        joined = [_joined(one.attention.self, self.heads) for one in self.layers]
        self.weights = nn.ParameterList([weight for weight, _ in joined])
        self.biases = nn.ParameterList([bias for _, bias in joined])
        self.pooling = Pooling(bert)

    def forward(self, ids: Tensor) -> Tensor:
        """The vector (size,) of token ids (n,)."""
        flow: Tensor = self.norm(self.words(ids) + self.places[: ids.shape[0]])
        said = [flow]
        for layer, weight, bias in zip(self.layers, self.weights, self.biases, strict=True):
            flow = self._layer(layer, flow, flow @ weight + bias)
            said.append(flow)
        return self.pooling.pool(self.pooling.weigh(ids), said[self.pooling.earlier], flow)

    def _layer(self, layer: Any, flow: Tensor, asked: Tensor) -> Tensor:
        count, heads = flow.shape[0], self.heads
        parts = asked.reshape(count, 3 * heads, -1).transpose(0, 1)
        queries, keys, values = parts[:heads], parts[heads : 2 * heads], parts[2 * heads :]
        seen = torch.softmax(queries @ keys.transpose(1, 2), -1) @ values
        after = layer.attention.output
        flow = after.LayerNorm(after.dense(seen.transpose(0, 1).reshape(count, -1)) + flow)
        wide = functional.gelu(layer.intermediate.dense(flow))
        told: Tensor = layer.output.LayerNorm(layer.output.dense(wide) + flow)
        return told


def _joined(attention: Any, heads: int) -> tuple[nn.Parameter, nn.Parameter]:
    scale = (attention.query.weight.shape[0] // heads) ** -0.5
    asked, known, told = attention.query, attention.key, attention.value
    weight = torch.cat([asked.weight * scale, known.weight, told.weight])
    bias = torch.cat([asked.bias * scale, known.bias, told.bias])
    return nn.Parameter(weight.T.contiguous()), nn.Parameter(bias)


def write(bert: Any, path: Path, *, small: bool) -> None:
    """Write the graph of a BERT encoder to `path`; `small` keeps its numbers in eight bits."""
    graph = Graph(bert).eval()
    filler = torch.arange(FILLER) % bert.config.vocab_size
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = Path(folder) / "whole.onnx"
        with torch.no_grad():
            torch.onnx.export(
                graph,
                (filler,),
                str(whole),
                input_names=["ids"],
                output_names=["vector"],
                dynamic_axes={"ids": {0: "n"}},
                opset_version=FORMAT,
                dynamo=False,
            )
        if small:
            _shrink(whole, path)
        else:
            whole.replace(path)


def _shrink(whole: Path, path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it advises, at every call, what was measured to be slower
    try:
        quantize_dynamic(str(whole), str(path), per_channel=True, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)
