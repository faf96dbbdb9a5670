"""The workloads of the peers' suite as they are given to nndsl: the same weights and the same data.

Each function is named after a workload and its spec in `benchmarks/specs`. It takes the peers' module of that
name, whose `init()` and `data()` every peer starts from, and arranges what they hold as the spec's parameters
and inputs. Weights are stored the other way round there: (inputs, units).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Mapping[str, Array]

SPECS = Path(__file__).parent / "specs"


def mean_magnitude(outputs: Arrays) -> float:
    return float(np.abs(next(iter(outputs.values()))).mean())


@dataclass(frozen=True)
class Workload:
    """What a network starts from, and what it is fed.

    A unit of work is a minibatch, or so many `epochs` of each stage. Where `runs` is given, the network is
    not trained but run on the inputs, which is so many units, and `result` is a number to know its outputs
    by.
    """

    spec: str
    parameters: Arrays
    arrays: Arrays
    epochs: int | None = None
    runs: int | None = None
    result: Callable[[Arrays], float] = mean_magnitude

    @property
    def path(self) -> Path:
        return SPECS / f"{self.spec}.nn"


# --- perceptrons ----------------------------------------------------------------------


def _layers(names: str, pairs: list[tuple[Array, Array]]) -> dict[str, Array]:
    """Weights (inputs, units) and bias, layer by layer."""
    found: dict[str, Array] = {}
    for name, (weights, bias) in zip(names.split(), pairs, strict=True):
        found |= {f"{name}.weights": weights.T, f"{name}.bias": bias}
    return found


def _together(peers: ModuleType, *names: str) -> dict[str, Array]:
    """All minibatches one after the other."""
    return dict(zip(names, map(np.concatenate, zip(*peers.data(), strict=True)), strict=True))


def w01_mlp_small(peers: ModuleType) -> Workload:
    return Workload("w01_mlp_small", _layers("h y", peers.init()), _together(peers, "x", "digit"))


def w02_mlp_large(peers: ModuleType) -> Workload:
    return Workload("w02_mlp_large", _layers("h g y", peers.init()), _together(peers, "x", "digit"))


def w14_autoencoder(peers: ModuleType) -> Workload:
    return Workload("w14_autoencoder", _layers("a code d recon", peers.init()), _together(peers, "x"))


def w14_vae(peers: ModuleType) -> Workload:
    first, (weights, bias), third, fourth = peers.init()
    latent = [(weights[:, : peers.Z], bias[: peers.Z]), (weights[:, peers.Z :], bias[peers.Z :])]
    parameters = _layers("h mu logv g logits", [first, *latent, third, fourth])
    return Workload("w14_vae", parameters, _together(peers, "x"))


def w15_rbf(peers: ModuleType) -> Workload:
    centres, narrowness, weights, bias = peers.init()
    parameters = {"C": centres, "narrowness": narrowness, **_layers("y", [(weights, bias)])}
    return Workload("w15_rbf", parameters, _together(peers, "x", "digit"))


# --- convolutions ---------------------------------------------------------------------


def w03_lenet(peers: ModuleType) -> Workload:
    """Pictures are flattened row by row there as well, in the form for jax."""
    start = peers.jax_params()
    parameters = _layers("f1 f2 y", [start["f1"], start["f2"], start["f3"]])
    for name in ("c1", "c2"):
        weights, bias = peers.init()[name]
        parameters |= {f"{name}.weights": weights, f"{name}.bias": bias}
    return Workload("w03_lenet", parameters, _together(peers, "image", "digit"))


def w04_convnet(peers: ModuleType) -> Workload:
    convolutions, weights, bias = peers.init()
    parameters = {f"conv_bn.{k}.y.weights": w for k, w in enumerate(convolutions, 1)}
    parameters |= {"y.weights": weights, "y.bias": bias}
    return Workload("w04_convnet", parameters, _together(peers, "image", "class"))


# --- recurrent networks ---------------------------------------------------------------


def w05_elman(peers: ModuleType) -> Workload:
    start = peers.init()
    names = {"h.x.weights": "wx", "h.h.weights": "wh", "h.bias": "bh", "o.weights": "wo", "o.bias": "bo"}
    parameters = {name: start[theirs].T for name, theirs in names.items()}
    return Workload("w05_elman", parameters, _together(peers, "x", "symbol"))


def w06_lstm_char(peers: ModuleType) -> Workload:
    start = peers.init()
    parameters = {"e.weights": start["emb"].T, **_layers("z", [(start["wo"], start["bo"])])}
    gates = (np.split(start[theirs], 4, axis=-1) for theirs in ("wx", "wh", "b"))
    for gate, of_input, of_state, bias in zip("ifgo", *gates, strict=True):
        parameters |= {f"{gate}.e.weights": of_input.T, f"{gate}.h.weights": of_state.T, f"{gate}.bias": bias}
    return Workload("w06_lstm_char", parameters, _together(peers, "x", "y"))


# --- Transformers ---------------------------------------------------------------------

Start = Mapping[str, Any]


def _linear(name: str, start: Start, number: str = "") -> dict[str, Array]:
    return {f"{name}.weights{number}": start["w"].T, f"{name}.bias{number}": start["b"]}


def _normed(name: str, start: Start) -> dict[str, Array]:
    return {f"{name}.gain": start["g"], f"{name}.offset": start["b"]}


def _attention(name: str, queries: Start, keys_values: Start, out: Start, heads: int) -> dict[str, Array]:
    """Queries, keys and values head by head; there they lie side by side."""
    width = out["w"].shape[0]
    found: dict[str, Array] = {
        f"{name}.y.weights": out["w"].T.reshape(width, heads, -1),
        f"{name}.y.bias": out["b"],
    }
    parts = [
        (queries["w"][:, :width], queries["b"][:width]),
        (keys_values["w"][:, -2 * width : -width], keys_values["b"][-2 * width : -width]),
        (keys_values["w"][:, -width:], keys_values["b"][-width:]),
    ]
    for letter, (weights, bias) in zip("QKV", parts, strict=True):
        found[f"{name}.{letter}.weights"] = weights.T.reshape(heads, -1, weights.shape[0])
        found[f"{name}.{letter}.bias"] = bias.reshape(heads, -1)
    return found


def _feedforward(name: str, start: Start) -> dict[str, Array]:
    return {
        **_linear(f"{name}.feedforward.y", start["f1"], "1"),
        **_linear(f"{name}.feedforward.y", start["f2"], "2"),
    }


def _encoder(layers: list[Start], heads: int) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for number, start in enumerate(layers, 1):
        name = f"encoder_layer.{number}"
        found |= _normed(f"{name}.n", start["n1"]) | _normed(f"{name}.z", start["n2"])
        found |= _attention(f"{name}.attention", start["qkv"], start["qkv"], start["o"], heads)
        found |= _feedforward(name, start)
    return found


def _decoder(layers: list[Start], heads: int) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for number, start in enumerate(layers, 1):
        name = f"decoder_layer.{number}"
        for layer, theirs in (("n", "n1"), ("v", "n3"), ("w", "n2")):
            found |= _normed(f"{name}.{layer}", start[theirs])
        found |= _attention(f"{name}.attention.1", start["qkv"], start["qkv"], start["o"], heads)
        found |= _attention(f"{name}.attention.2", start["q"], start["kv"], start["co"], heads)
        found |= _feedforward(name, start)
    return found


def _places(words: Array) -> Array:
    return np.broadcast_to(np.arange(words.shape[1]), words.shape)


def _encoder_network(spec: str, peers: ModuleType) -> Workload:
    start = peers.t.init(peers.CONFIG)
    parameters = {
        "x.word.weights": start["enc"]["emb"].T,
        "x.place.weights": start["enc"]["pos"].T,
        **_encoder(start["enc"]["layers"], peers.CONFIG.heads),
        **_normed("y", start["enc"]["norm"]),
        **_linear("y", start["head"]),
    }
    words, following = map(np.concatenate, zip(*peers.t.data(peers.CONFIG), strict=True))
    return Workload(spec, parameters, {"word": words, "place": _places(words), "next": following})


def w07_transformer_small(peers: ModuleType) -> Workload:
    return _encoder_network("w07_transformer_small", peers)


def w07_transformer_large(peers: ModuleType) -> Workload:
    return _encoder_network("w07_transformer_large", peers)


def w08_seq2seq(peers: ModuleType) -> Workload:
    start = peers.t.init(peers.CONFIG)
    encoder, decoder = start["enc"], start["dec"]
    parameters = {
        "x.source.weights": encoder["emb"].T,
        "x.source_place.weights": encoder["pos"].T,
        "y.given.weights": decoder["emb"].T,
        "y.given_place.weights": decoder["pos"].T,
        **_encoder(encoder["layers"], peers.CONFIG.heads),
        **_normed("memory", encoder["norm"]),
        **_decoder(decoder["layers"], peers.CONFIG.heads),
        **_normed("o", decoder["norm"]),
        **_linear("o", start["head"]),
    }
    source, given, following = map(np.concatenate, zip(*peers.t.data(peers.CONFIG), strict=True))
    arrays = {"source": source, "given": given, "next": following}
    arrays |= {"source_place": _places(source), "given_place": _places(given)}
    return Workload("w08_seq2seq", parameters, arrays)


# --- graphs ---------------------------------------------------------------------------


def w09_gcn_cora(peers: ModuleType) -> Workload:
    _, (rows, columns), labels, edges = peers.graph()
    x = np.zeros((peers.N, peers.FEAT), np.float32)
    x[rows, columns] = 1
    w1, b1, w2, b2 = peers.init()
    parameters = {"gcn.1.m.weights": w1.T, "h.bias": b1, "gcn.2.m.weights": w2.T, "o.bias": b2}
    both_ways = np.concatenate([edges, edges[:, ::-1]])
    return Workload("w09_gcn_cora", parameters, {"G": both_ways, "x": x, "y": labels})


def w09_gnn_large(peers: ModuleType) -> Workload:
    sources, targets, _, x, labels = peers.graph()
    start = peers.init()
    parameters = _layers("h1 h2 o", list(zip(start[::2], start[1::2], strict=True)))
    return Workload("w09_gnn_large", parameters, {"G": np.stack([sources, targets], 1), "x": x, "y": labels})


def w09_mpnn(peers: ModuleType) -> Workload:
    sources, targets, x, e, labels = peers.graph()
    rounds, head = peers.init()
    parameters = _layers("o", [tuple(head)])
    for number, (w1, b1, w2, b2, u, c) in enumerate(rounds, 1):
        name = f"round.{number}"
        parts = np.split(w1, (peers.D, 2 * peers.D))  # those of the target, of the source, of the edge
        parameters |= {f"{name}.z.weights{k}": part.T for k, part in enumerate(parts, 1)}
        parameters |= {f"{name}.z.bias": b1, f"{name}.m.weights": w2.T, f"{name}.m.bias": b2}
        parameters |= {f"{name}.y.h.weights": u[: peers.D].T, f"{name}.y.m.weights": u[peers.D :].T}
        parameters[f"{name}.y.bias"] = c
    arrays = {"G": np.stack([sources, targets], 1), "x": x, "e": e, "y": labels}
    return Workload("w09_mpnn", parameters, arrays)


# --- energies -------------------------------------------------------------------------


def w10_rbm(peers: ModuleType) -> Workload:
    weights, visible, hidden = peers.init()
    parameters = {"W": weights, "b": visible, "a": hidden}
    return Workload("w10_rbm", parameters, {"x": np.concatenate(peers.data())})


def w10_dbn(peers: ModuleType) -> Workload:
    first, second = peers.rbm.init(784, 500), peers.rbm.init(500, 250)
    names = ("W1", "b0", "b1", "W2", "c1", "b2")
    x = np.concatenate(peers.rbm.data(peers.COUNT))
    return Workload("w10_dbn", dict(zip(names, (*first, *second), strict=True)), {"x": x}, epochs=1)


def _recall(spec: str, peers: ModuleType) -> Workload:
    weights, probes, patterns = peers.problem()
    stored = patterns[np.arange(len(probes)) % len(patterns)]

    def overlap(outputs: Arrays) -> float:
        return float((outputs["y"] * stored).mean())

    return Workload(spec, {"W": weights}, {"x": probes}, runs=1, result=overlap)


def w11_hopfield_sync(peers: ModuleType) -> Workload:
    return _recall("w11_hopfield_sync", peers)


def w11_hopfield_async(peers: ModuleType) -> Workload:
    return _recall("w11_hopfield_async", peers)


def w12_boltzmann(peers: ModuleType) -> Workload:
    weights, bias, states = peers.problem()
    return Workload("w12_boltzmann", {"W": weights, "b": bias}, {"x": states.T.copy()}, runs=1000)


# --- competition ----------------------------------------------------------------------


def _map(spec: str, peers: ModuleType) -> Workload:
    return Workload(spec, {"W": peers.start().reshape(20, 20, -1)}, {"x": peers.digits()[0]}, epochs=1)


def w13_som_online(peers: ModuleType) -> Workload:
    return _map("w13_som_online", peers)


def w13_som_batch(peers: ModuleType) -> Workload:
    return _map("w13_som_batch", peers)


def w15_rbf_centres(peers: ModuleType) -> Workload:
    x, centres = peers.start()
    return Workload("w15_rbf_centres", {"C": centres}, {"x": x}, epochs=peers.ITERS)


# --- inference ------------------------------------------------------------------------

TRAINED = {
    "mlp_large": "w02_mlp_large",
    "lenet": "w03_lenet",
    "convnet": "w04_convnet",
    "lstm_char": "w06_lstm_char",
    "transformer_small": "w07_transformer_small",
}
"""The workload that trains what another one runs."""


def inference(name: str, batch: int, example: Array) -> Workload:
    """Running one of these networks on examples, as they lie in memory there."""
    trained = workload(TRAINED[name], import_module(TRAINED[name]))
    if example.ndim == 4:
        example = np.ascontiguousarray(np.moveaxis(example, 1, -1))
    first = next(iter(trained.arrays))
    arrays = {first: example, **({"place": _places(example)} if "place" in trained.arrays else {})}
    return Workload(trained.spec, trained.parameters, arrays, runs=1)


def workload(name: str, peers: ModuleType) -> Workload:
    """A workload by name. Raises KeyError where there is none for nndsl."""
    found: Workload = globals()[name](peers)
    return found
