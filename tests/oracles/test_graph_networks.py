"""Graph networks equal dense matrix products of PyTorch's, in float64: outputs, losses and all gradients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.data.examples import Parts
from nndsl.data.given import given_examples
from nndsl.learning.initialise import generator
from nndsl.learning.trainer import Options, fit
from nndsl.network import Network
from nndsl.planning.plan import Precision

torch = pytest.importorskip("torch")
F = torch.nn.functional

SPECS = Path(__file__).parents[2] / "specs"
Tensors = dict[str, Any]
Graph = tuple[int, np.ndarray]
"""The number of nodes, and edges (source, target)."""


def graphs(seed: int = 0) -> list[Graph]:
    """Graphs with self loops, isolated nodes, edges that occur twice, and one without any edge."""
    rng = np.random.default_rng(seed)
    found = [(n, rng.integers(0, n - 1, (e, 2))) for n, e in ((6, 11), (4, 5), (9, 20))]
    found[0][1][0] = (2, 2)
    found[1][1][1] = found[1][1][0]
    return [*found, (3, np.zeros((0, 2), np.int64))]


def adjacency(graph: Graph) -> Any:
    """A[i, j]: how many edges lead from j to i."""
    n, edges = graph
    a = torch.zeros(n, n, dtype=torch.float64)
    for source, target in edges:
        a[target, source] += 1
    return a


def mean_over_neighbours(graph: Graph) -> Any:
    a = adjacency(graph)
    return a / a.sum(1, keepdim=True).clamp(min=1)


def compare(network: Network, given: Tensors, dense: Callable[[Tensors], tuple[Tensors, Any]]) -> None:
    """Holds outputs, loss and all gradients of the native executor against a dense formula."""
    rng = np.random.default_rng(5)
    network.initialise(0, "float64")
    for value in network.parameters.values():
        value[...] = rng.normal(size=value.shape) * 0.5
    tensors = {n: torch.tensor(v.copy(), requires_grad=True) for n, v in network.parameters.items()}
    outputs, loss = dense(tensors)
    loss.backward()
    inputs = {name: of for name, of in given.items() if name not in [t.name for t in network.model.targets]}
    found = network.run(**inputs)
    for name, output in outputs.items():
        np.testing.assert_allclose(found[name], output.detach().numpy(), rtol=1e-9, atol=1e-12, err_msg=name)
    slopes = network.grad(**given)
    assert slopes["loss"] == pytest.approx(loss.item(), rel=1e-12)
    for parameter in network.descent.learned:
        grad = tensors[parameter.name].grad
        expected = np.zeros(parameter.shape) if grad is None else grad.numpy()
        np.testing.assert_allclose(
            slopes[parameter.name], expected, rtol=1e-9, atol=1e-12, err_msg=parameter.name
        )


def test_gcn() -> None:
    """h = relu((I + D⁻¹ A) x Wᵀ), with nodes that have no target."""
    network = nndsl.compile((SPECS / "gcn.nn").read_text().replace("1433", "11"), hidden=5)
    graph = graphs()[2]
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(9, 11)), rng.integers(-1, 7, 9)

    def dense(t: Tensors) -> tuple[Tensors, Any]:
        p = torch.eye(9, dtype=torch.float64) + mean_over_neighbours(graph)
        h = torch.relu(p @ torch.tensor(x) @ t["W1"].T)
        o = p @ h @ t["W2"].T
        loss = F.cross_entropy(o, torch.tensor(y), ignore_index=-1) + 5e-4 * t["W1"].square().sum()
        return {"o": o}, loss

    compare(network, {"G": graph[1], "x": x, "y": y}, dense)


def test_message_passing_over_several_graphs() -> None:
    """Messages from both ends and the edge, edge updates, and one result a graph, each graph by itself."""
    network = nndsl.compile(SPECS / "message_passing.nn", d=5, k=3)
    given = graphs()
    rng = np.random.default_rng(1)
    atoms = [rng.integers(0, 7, n) for n, _ in given]
    labels = rng.integers(0, 2, len(given))

    def layer(t: Tensors, path: str, h: Any, e: Any, edges: Any) -> tuple[Any, Any]:
        j, i = edges[:, 0], edges[:, 1]
        w = {name.removeprefix(f"{path}."): tensor for name, tensor in t.items() if name.startswith(path)}
        m = h[i] @ w["m.weights1"].T + h[j] @ w["m.weights2"].T + e @ w["m.weights3"].T + w["m.bias"]
        a = torch.zeros_like(h).index_add(0, i, torch.relu(m))
        h2 = torch.relu(h @ w["h2.h.weights"].T + a @ w["h2.a.weights"].T + w["h2.bias"])
        ends = (h2[i], a[i], h2[j], a[j], e)
        e2 = sum(end @ w[f"e2.weights{place + 1}"].T for place, end in enumerate(ends)) + w["e2.bias"]
        return h2, torch.relu(e2)

    def dense(t: Tensors) -> tuple[Tensors, Any]:
        found: dict[str, list[Any]] = {"node": [], "edge": [], "mutagenicity": []}
        for (_, pairs), atom in zip(given, atoms, strict=True):
            edges = torch.tensor(pairs)
            j, i = edges[:, 0], edges[:, 1]
            x = F.one_hot(torch.tensor(atom), 7).double()
            h = x @ t["h0.weights"].T + t["h0.bias"]
            e = x[i] @ t["e0.weights1"].T + x[j] @ t["e0.weights2"].T + t["e0.bias"]
            for number in (1, 2):
                h, e = layer(t, f"message_passing.{number}", h, e, edges)
            found["node"].append(h @ t["node.weights"].T + t["node.bias"])
            found["edge"].append(h[i] @ t["edge.weights1"].T + h[j] @ t["edge.weights2"].T + t["edge.bias"])
            readout = h.mean(0, keepdim=True) @ t["mutagenicity.weights"].T + t["mutagenicity.bias"]
            found["mutagenicity"].append(readout)
        outputs = {name: torch.cat(parts) for name, parts in found.items()}
        return outputs, F.cross_entropy(outputs["mutagenicity"], torch.tensor(labels))

    compare(network, {"G": [pairs for _, pairs in given], "atom": atoms, "mutagenic": labels}, dense)


def test_attention_over_neighbours() -> None:
    """softmax over the edges into each node, with a condition; sums of it are 0 where there is no edge."""
    network = nndsl.compile(
        """network Attention {
          graph G
          input x[4] over i in G.nodes
          target y[3]
          layer s[2] over (j -> i) in G.edges = tanh(full(x[j]) + full(x[i]))
          layer w[2] over (j -> i) in G.edges = softmax(s over j in neighbours(i))
          layer c[2] over i in G.nodes = sum(softmax(s over j in neighbours(i) where j != i) * w
                                             over j in neighbours(i))
          layer h[3] over i in G.nodes = sum(full(x[j]) * sum(w) over j in neighbours(i)) + full(c)
          output o[3] = sum(h over i in G.nodes) + full(max(h over i in G.nodes))
          train { minimize mse(o, y) }
        }"""
    )
    given = graphs()[:3]
    rng = np.random.default_rng(1)
    xs = [rng.normal(size=(n, 4)) for n, _ in given]
    y = rng.normal(size=(3, 3))

    def softmax(s: Any, edges: Any, kept: Any, n: int) -> Any:
        shares = torch.where(kept[:, None], s.exp(), 0)
        total = torch.zeros(n, 2, dtype=torch.float64).index_add(0, edges[:, 1], shares)[edges[:, 1]]
        return torch.where(total > 0, shares / total.clamp(min=1e-300), 0)

    def dense(t: Tensors) -> tuple[Tensors, Any]:
        outputs = []
        for (n, pairs), array in zip(given, xs, strict=True):
            edges, x = torch.tensor(pairs), torch.tensor(array)
            j, i = edges[:, 0], edges[:, 1]
            s = torch.tanh(x[j] @ t["s.weights1"].T + x[i] @ t["s.weights2"].T)
            w = softmax(s, edges, torch.ones(len(edges), dtype=bool), n)
            both = softmax(s, edges, i != j, n) * w
            c = torch.zeros(n, 2, dtype=torch.float64).index_add(0, i, both)
            messages = x[j] @ t["h.x.weights"].T * w.sum(1, keepdim=True)
            h = torch.zeros(n, 3, dtype=torch.float64).index_add(0, i, messages) + c @ t["h.c.weights"].T
            outputs.append(h.sum(0) + h.max(0).values @ t["o.weights"].T)
        o = torch.stack(outputs)
        return {"o": o}, F.mse_loss(o, torch.tensor(y))

    compare(network, {"G": [pairs for _, pairs in given], "x": xs, "y": y}, dense)


def test_greatest_and_least_neighbours() -> None:
    network = nndsl.compile(
        """network Extremes {
          graph G
          input x[4] over i in G.nodes
          target y[3] over i in G.nodes
          layer h[3] = max(full(x[j]) over j in neighbours(i)) - min(full(x[j]) over j in neighbours(i))
          train { minimize mean(mse(h, y) over i in G.nodes) }
        }"""
    )
    rng = np.random.default_rng(2)
    edges = np.concatenate([rng.integers(0, 6, (12, 2)), np.stack([np.arange(6)] * 2, 1)])
    x, y = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))

    def dense(t: Tensors) -> tuple[Tensors, Any]:
        a = adjacency((6, edges)) > 0
        first, second = (torch.tensor(x) @ t[f"h.weights{place}"].T for place in (1, 2))
        greatest = torch.where(a[..., None], first, -torch.inf).amax(1)
        least = torch.where(a[..., None], second, torch.inf).amin(1)
        return {}, F.mse_loss(greatest - least, torch.tensor(y))

    compare(network, {"G": edges, "x": x, "y": y}, dense)


def test_attention_of_all_nodes_stays_within_a_graph() -> None:
    """Nodes of one graph attend to all nodes of it, and to those of no other in the batch."""
    network = nndsl.compile(
        """network Transformer {
          graph G
          input x[4] over i in G.nodes
          target y[1]
          layer q[3] = full(x)
          layer k[3] = full(x)
          layer a over (i in G.nodes, j in G.nodes) = softmax(dot(q[i], k[j]) over j in G.nodes)
          layer h[4] over i in G.nodes = sum(a[i, j] * x[j] over j in G.nodes)
          output o[1] = full(mean(h over i in G.nodes))
          train { minimize mse(o, y) }
        }"""
    )
    given = graphs()
    rng = np.random.default_rng(1)
    xs = [rng.normal(size=(n, 4)) for n, _ in given]
    y = rng.normal(size=(len(given), 1))

    def dense(t: Tensors) -> tuple[Tensors, Any]:
        outputs = []
        for array in xs:
            x = torch.tensor(array)
            a = torch.softmax(x @ t["q.weights"].T @ (x @ t["k.weights"].T).T, dim=1)
            outputs.append((a @ x).mean(0) @ t["o.weights"].T)
        o = torch.stack(outputs)
        return {"o": o}, F.mse_loss(o, torch.tensor(y))

    compare(network, {"G": [pairs for _, pairs in given], "x": xs, "y": y}, dense)


def test_layers_of_the_standard_library() -> None:
    """Graph convolution with D^-1/2 (A + I) D^-1/2, and attention by heads."""
    network = nndsl.compile(
        """use gcn, gat from std
        network Layers {
          graph G
          input x[4] over i in G.nodes
          target y[2, 3] over i in G.nodes
          layer h[5] = gcn(x, 5)
          output o[2, 3] = gat(h, 3, 2)
          train { minimize mean(mse(o, y) over i in G.nodes) }
        }"""
    )
    rng = np.random.default_rng(2)
    edges = np.unique(rng.integers(0, 7, (15, 2)), axis=0)
    x, y = rng.normal(size=(8, 4)), rng.normal(size=(8, 2, 3))

    def dense(t: Tensors) -> tuple[Tensors, Any]:
        a = adjacency((8, edges))
        whole = a + torch.eye(8, dtype=torch.float64)
        r = (1 + a.sum(1)).rsqrt()
        h = r[:, None] * whole * r @ torch.tensor(x) @ t["gcn.m.weights"].T
        m = torch.einsum("nd,hud->nhu", h, t["gat.m.weights"])
        given, taken = ((m * t[f"gat.{name}"]).sum(2) for name in ("s", "t"))
        scores = F.leaky_relu(taken[:, None] + given[None], 0.2)
        shares = torch.where(a[..., None] > 0, scores.exp(), 0)
        shares = shares / shares.sum(1, keepdim=True).clamp(min=1e-300)
        o = torch.einsum("ijh,jhu->ihu", shares, m)
        return {"o": o}, F.mse_loss(o, torch.tensor(y))

    compare(network, {"G": edges, "x": x, "y": y}, dense)


@pytest.mark.parametrize("spec", ["message_passing", "gin"])
def test_relabelling_nodes_changes_only_their_order(spec: str) -> None:
    """A network over nodes and edges is equivariant; one result a graph is invariant."""
    network = nndsl.compile(SPECS / f"{spec}.nn")
    network.initialise(3, "float64")
    rng = np.random.default_rng(4)
    edges, atoms = rng.integers(0, 12, (30, 2)), rng.integers(0, 7, 12)
    order = rng.permutation(12)
    number = np.argsort(order)
    found = network.run(G=edges, atom=atoms)
    again = network.run(G=number[edges], atom=atoms[order])
    for output in network.model.outputs:
        name, over = output.name, [axis.set.name for axis in output.type.space]
        expected = found[name][order] if over == ["G.nodes"] else found[name]
        np.testing.assert_allclose(again[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_graph_does_not_see_the_others_in_its_batch() -> None:
    network = nndsl.compile(SPECS / "message_passing.nn")
    network.initialise(3, "float64")
    rng = np.random.default_rng(4)
    given = graphs()
    atoms = [rng.integers(0, 7, n) for n, _ in given]
    together = network.run(G=[pairs for _, pairs in given], atom=atoms)["mutagenicity"]
    for place, ((_, pairs), atom) in enumerate(zip(given, atoms, strict=True)):
        alone = network.run(G=pairs, atom=atom)["mutagenicity"]
        np.testing.assert_allclose(together[place], alone[0], rtol=1e-12)


def test_training_on_minibatches_of_graphs_is_that_of_pytorch() -> None:
    """Plain descent over graphs of all sizes, in minibatches that differ in size, epoch after epoch."""
    network = nndsl.compile(
        """network Sums {
          graph G
          input x[2] over i in G.nodes
          target y[1]
          layer h[3] = tanh(full(x) + sum(full(x[j]) over j in neighbours(i)))
          output o[1] = full(mean(h over i in G.nodes))
          train { minimize mse(o, y)  optimizer sgd(rate = 0.1)  batch 3  epochs 2 }
        }"""
    )
    rng = np.random.default_rng(6)
    given = [*graphs(1), *graphs(2)][:7]
    xs, y = [rng.normal(size=(n, 2)) for n, _ in given], rng.normal(size=(7, 1))
    network.initialise(0, "float64")
    tensors = {n: torch.tensor(v.copy(), requires_grad=True) for n, v in network.parameters.items()}
    arrays = {"G": [pairs for _, pairs in given], "x": xs, "y": y}
    examples = given_examples(network.model, arrays, dtype="float64")
    nothing = examples.take(np.arange(0))
    fit(network, Parts(examples, nothing, nothing), Options(0, Precision.FLOAT64, threads=1))

    random = generator(0, f"order of {network.stages[0].name}")
    for _ in range(2):
        order = random.permutation(7)
        for first in (0, 3, 6):
            chosen = order[first : first + 3]
            losses = []
            for place in chosen:
                x = torch.tensor(xs[place])
                both = x @ tensors["h.weights1"].T + adjacency(given[place]) @ x @ tensors["h.weights2"].T
                o = torch.tanh(both).mean(0) @ tensors["o.weights"].T
                losses.append((o - torch.tensor(y[place])).square().mean())
            slopes = torch.autograd.grad(torch.stack(losses).mean(), list(tensors.values()))
            with torch.no_grad():
                for tensor, slope in zip(tensors.values(), slopes, strict=True):
                    tensor -= 0.1 * slope
    for name, tensor in tensors.items():
        np.testing.assert_allclose(network.parameters[name], tensor.detach().numpy(), rtol=1e-9, err_msg=name)
