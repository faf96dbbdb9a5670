"""Networks over sequences of unequal length: PyTorch's loss and gradients, from each example without padding
or with PyTorch's own padding masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.building.build import LOSS
from nndsl.data.given import given_examples
from nndsl.graph.interpret import interpret
from nndsl.network import Network

torch = pytest.importorskip("torch")
F = torch.nn.functional

SPECS = Path(__file__).parents[2] / "specs"
Tensors = dict[str, Any]
WIDTH, HEADS, SOURCE_WORDS, TARGET_WORDS = 8, 2, 11, 13
SOURCE, TARGET = (5, 2, 7, 1, 4), (3, 6, 1, 4, 6)


def transformer() -> Network:
    network = nndsl.compile(
        SPECS / "transformer.nn",
        d=WIDTH,
        heads=HEADS,
        depth=2,
        source_words=SOURCE_WORDS,
        target_words=TARGET_WORDS,
    )
    network.initialise(0, "float64")
    rng = np.random.default_rng(1)
    for values in network.parameters.values():
        values[...] = rng.normal(size=values.shape) / np.sqrt(values.shape[-1])
    return network


def sentences() -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(2)
    return {
        "source": [rng.integers(0, SOURCE_WORDS, length) for length in SOURCE],
        "given": [rng.integers(0, TARGET_WORDS, length) for length in TARGET],
        "next": [rng.integers(0, TARGET_WORDS, length) for length in TARGET],
    }


def attention(weights: Tensors, name: str, torch_name: str) -> Tensors:
    """PyTorch's parameters of one attention, made of ours."""
    q, k, v = (weights[f"{name}.{letter}.weights"].reshape(WIDTH, WIDTH) for letter in "QKV")
    return {
        f"{torch_name}.in_proj_weight": torch.cat([q, k, v]),
        f"{torch_name}.out_proj.weight": weights[f"{name}.y.weights"].reshape(WIDTH, WIDTH),
    }


def layer_weights(weights: Tensors, prefix: str, attentions: dict[str, str], norms: str) -> Tensors:
    given: Tensors = {}
    for name, torch_name in attentions.items():
        given |= attention(weights, f"{prefix}.{name}", torch_name)
    for number in (1, 2):
        given[f"linear{number}.weight"] = weights[f"{prefix}.feedforward.y.weights{number}"]
        given[f"linear{number}.bias"] = weights[f"{prefix}.feedforward.y.bias{number}"]
    for number, name in enumerate(norms, 1):
        given[f"norm{number}.weight"] = weights[f"{prefix}.{name}.gain"]
        given[f"norm{number}.bias"] = weights[f"{prefix}.{name}.offset"]
    return given


def call(layer: Any, given: Tensors, *arguments: Any, **masks: Any) -> Any:
    """A layer of PyTorch with these parameters; those that are not given (biases of attentions) are zero."""
    zeros = {name: torch.zeros_like(p) for name, p in layer.named_parameters() if name not in given}
    assert all("bias" in name for name in zeros)
    return torch.func.functional_call(layer, given | zeros, arguments, masks)


def embedded(table: Any, indices: Any) -> Any:
    positions = torch.arange(indices.shape[1], dtype=torch.float64)[:, None]
    rates = 10000.0 ** (-torch.arange(0, WIDTH, 2, dtype=torch.float64) / WIDTH)
    angles = positions * rates
    waves = torch.stack([angles.sin(), angles.cos()], -1).reshape(indices.shape[1], WIDTH)
    return table.T[indices] * WIDTH**0.5 + waves


def padded(rows: list[np.ndarray], fill: int) -> Any:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], True, fill)


def reference_loss(weights: Tensors, data: dict[str, list[np.ndarray]]) -> Any:
    """PyTorch's Transformer layers with padding masks, and the loss averaged as the spec has it."""
    options: dict[str, Any] = {"d_model": WIDTH, "nhead": HEADS, "dim_feedforward": 4 * WIDTH}
    options |= {"dropout": 0.0, "batch_first": True}
    encoder = torch.nn.TransformerEncoderLayer(**options).double()
    decoder = torch.nn.TransformerDecoderLayer(**options).double()
    encoder.train(), decoder.train()
    source, given, target = padded(data["source"], 0), padded(data["given"], 0), padded(data["next"], -100)
    source_mask = torch.arange(source.shape[1]) >= torch.tensor(SOURCE)[:, None]
    target_mask = torch.arange(given.shape[1]) >= torch.tensor(TARGET)[:, None]
    causal = torch.ones(given.shape[1], given.shape[1]).triu(1).bool()
    x, y = embedded(weights["x.weights"], source), embedded(weights["y.weights"], given)
    for number in (1, 2):
        own = layer_weights(weights, f"encoder_layer.{number}", {"attention": "self_attn"}, "yz")
        x = call(encoder, own, x, src_key_padding_mask=source_mask)
    for number in (1, 2):
        names = {"attention.1": "self_attn", "attention.2": "multihead_attn"}
        own = layer_weights(weights, f"decoder_layer.{number}", names, "uvw")
        masks = {"tgt_key_padding_mask": target_mask, "memory_key_padding_mask": source_mask}
        y = call(decoder, own, y, x, tgt_mask=causal, **masks)
    logits = F.linear(y, weights["words.weights"], weights["words.bias"])
    losses = F.cross_entropy(logits.movedim(-1, 1), target, label_smoothing=0.1, reduction="none")
    return (losses.sum(1) / torch.tensor(TARGET)).mean()


def test_transformer_with_padding_masks() -> None:
    network, data = transformer(), sentences()
    weights = {name: torch.tensor(value, requires_grad=True) for name, value in network.parameters.items()}
    loss = reference_loss(weights, data)
    loss.backward()
    found = network.grad(**data)
    assert found[LOSS] == pytest.approx(loss.item(), rel=1e-9)
    for name, weight in weights.items():
        expected = weight.grad.numpy()
        np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_interpreter_agrees() -> None:
    network, data = transformer(), sentences()
    native = network.grad(**data)
    given = given_examples(network.model, data, dtype="float64").inputs
    sizes = {"batch": len(SOURCE), "N": max(SOURCE), "M": max(TARGET)}
    found = interpret(network.gradient_graph, {**given, **network.parameters}, sizes)
    assert native[LOSS] == pytest.approx(float(found[LOSS]), rel=1e-12)
    for name in network.parameters:
        expected = found[f"gradient.{name}"]
        np.testing.assert_allclose(native[name], expected, rtol=1e-9, atol=1e-13, err_msg=name)


def test_time_delay_network_as_each_example_alone() -> None:
    network = nndsl.compile(SPECS / "tdnn.nn", bands=4)
    network.initialise(0, "float64")
    rng = np.random.default_rng(3)
    lengths = (9, 7, 12, 8)
    sounds = [rng.normal(size=(length, 4)) for length in lengths]
    digits = rng.integers(0, 10, len(lengths))
    w = {name: torch.tensor(value, requires_grad=True) for name, value in network.parameters.items()}
    outputs = []
    for sound in sounds:
        h = torch.tensor(sound).T[None]
        for name in ("h1", "h2"):
            h = F.conv1d(h, w[f"{name}.weights"], w[f"{name}.bias"]).sigmoid()
        outputs.append(h.sum(2)[0])
    loss = F.cross_entropy(torch.stack(outputs), torch.tensor(digits))
    loss.backward()
    np.testing.assert_allclose(network.run(x=sounds)["y"], torch.stack(outputs).detach(), rtol=1e-9)
    found = network.grad(x=sounds, digit=digits)
    assert found[LOSS] == pytest.approx(loss.item(), rel=1e-9)
    for name, weight in w.items():
        np.testing.assert_allclose(found[name], weight.grad.numpy(), rtol=1e-9, atol=1e-12)
