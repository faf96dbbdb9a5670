"""Stages: what they learn, their options, and settings from outside."""

from __future__ import annotations

import pytest

from nndsl.semantics.model import Infer, Likelihood, Minimize, Model, Ramp, Reduce, Rule, Schedule, Stage
from nndsl.semantics.text import text_of
from tests.semantics.checking import codes, model_of


def stage(model: Model, name: str = "train") -> Stage:
    found = next(s for s in model.stages if s.name == name)
    assert isinstance(found, Stage)
    return found


def learned(model: Model, name: str = "train") -> list[str]:
    return [parameter.name for parameter in stage(model, name).learned]


def test_learn_defaults_to_all_that_the_objective_reaches() -> None:
    assert learned(model_of("mlp")) == ["h.weights", "h.bias", "y.weights", "y.bias"]
    assert "b0" not in learned(model_of("dbn"), "tune")  # the picture's bias has no part in the class


def test_learn_lists() -> None:
    assert learned(model_of("rbf"), "centres") == ["C"]
    assert learned(model_of("rbf"), "weights") == ["z.weights", "z.bias"]
    assert learned(model_of("autoencoder"), "first") == ["W1", "b1", "c1"]


def test_learn_takes_layers_and_shared_blocks() -> None:
    text = """
    block decoder(z[k]) -> y { layer y[8] = relu(full(z) + bias) }
    network N {
      input x[8]
      share decode = decoder()
      layer h[4] = relu(full(x) + bias)
      output y = decode(h)
      train a { learn h  minimize mse(y, x) }
      train b { learn decode  minimize mse(y, x) }
    }"""
    model = model_of(text)
    assert learned(model, "a") == ["h.weights", "h.bias"]
    assert learned(model, "b") == ["decode.y.weights", "decode.y.bias"]


def test_weights_leave_biases_out() -> None:
    objective = stage(model_of("mlp")).how
    assert isinstance(objective, Minimize)
    assert "weights(h.weights, y.weights)" in text_of(objective.objective)


def test_a_loss_over_a_sequence_is_summed() -> None:
    how = stage(model_of("elman")).how
    assert isinstance(how, Minimize)
    assert isinstance(how.objective, Reduce)
    assert (how.objective.operation, [axis.set.name for axis in how.objective.axes]) == ("sum", ["T"])


def test_options_are_complete() -> None:
    optimizer = stage(model_of("mlp")).optimizer
    assert optimizer is not None
    assert set(dict(optimizer.options)) == {"rate", "momentum", "nesterov", "weight_decay"}
    assert dict(optimizer.options)["nesterov"] is False


def test_schedules_and_ramps() -> None:
    optimizer = stage(model_of("transformer")).optimizer
    assert optimizer is not None
    assert dict(optimizer.options)["rate"] == Schedule("warmup", (1e-3, 4000.0))
    rule = stage(model_of("som")).how
    assert isinstance(rule, Rule)
    assert dict(rule.options)["radius"] == Ramp(10.0, 1.0)


def test_rules_on_energies_and_on_dynamics() -> None:
    rule = stage(model_of("hopfield")).how
    assert isinstance(rule, Rule)
    assert (rule.energy, [name for name, _ in rule.clamped]) == ("E", ["v"])
    rule = stage(model_of("hopfield_dynamics")).how
    assert isinstance(rule, Rule)
    assert (rule.energy, [name for name, _ in rule.clamped]) == (None, ["v"])


def test_likelihoods() -> None:
    how = stage(model_of("rbm")).how
    assert isinstance(how, Likelihood)
    options = {"k": 1, "sparsity": 0.1, "sparsity_cost": 0}
    assert (how.method, dict(how.options)) == ("contrastive_divergence", options)
    assert isinstance(how.objective, Infer)
    assert how.objective.clamped[0][0] == "v"


def test_settings_override_the_spec() -> None:
    settings = {"hidden": 32, "epochs": 3, "train.batch": 8, "optimizer.rate": 0.5, "momentum": 0.0}
    model = model_of("mlp", **settings)
    assert model.settings["hidden"] == 32
    assert (stage(model).epochs, stage(model).batch) == (3, 8)
    optimizer = stage(model).optimizer
    assert optimizer is not None
    assert dict(optimizer.options)["rate"] == 0.5
    assert dict(optimizer.options)["momentum"] == 0.0


def test_settings_of_one_stage() -> None:
    model = model_of("rbf", **{"weights.epochs": 7})
    assert [stage(model, name).epochs for name in ("centres", "weights")] == [20, 7]


def test_settings_reach_the_stages_that_go_by_them() -> None:
    """A rule has no loss that an early stop could watch."""
    model = model_of("rbf", early_stop=3)
    assert [stage(model, name).early_stop for name in ("centres", "weights")] == [None, 3]
    text = "network N { input x[4]  param C  output y[3] = distance2(x, C)  train { learn C by kmeans(x) } }"
    assert codes(text, early_stop=3) == codes(text, clip_norm=1) == ["E0516"]


SPEC = "network N(hidden = 8) { input x[4]  output y[4] = full(relu(full(x, to hidden))) }"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"hiden": 4}, "E0516"),
        ({"hidden": "many"}, "E0517"),
        ({"hidden": True}, "E0517"),
        ({"hidden": 0}, "E0311"),
    ],
)
def test_wrong_settings(settings: dict[str, object], code: str) -> None:
    assert codes(SPEC, **settings) == [code]


@pytest.mark.parametrize(
    "settings", [{"epochs": "many"}, {"epochs": 0}, {"clip_norm": -1}, {"rate": True}, {"batch": 1.5}]
)
def test_wrong_training_settings(settings: dict[str, object]) -> None:
    text = "network N { input x[4]  output y[4] = full(x)  train { minimize mse(y, x)  optimizer sgd() } }"
    assert codes(text, **settings) == ["E0322"]


def test_alternate() -> None:
    text = """network N {
      input x[8]
      layer h[4] = relu(full(x) + bias)
      output y[8] = full(h) + bias
      train alternate players { train a { learn h  minimize mse(y, x) }
                                train b { learn y  minimize mse(y, x) }  epochs 5 }
    }"""
    (found,) = model_of(text).stages
    assert not isinstance(found, Stage)
    assert ([s.name for s in found.stages], found.epochs) == (["a", "b"], 5)


def test_weights_of_one_layer() -> None:
    text = """block twice(a[n]) -> b { layer c[n] = full(a)  layer b[n] = full(c) + bias }
    network N {
      input x[4]  target z[2]
      layer h = tanh(twice(x))
      output y[2] = full(h) + bias
      train { minimize mse(y, z) + l2(h.weights) }
    }"""
    how = stage(model_of(text)).how
    assert isinstance(how, Minimize)
    assert "l2(weights(twice.c.weights, twice.b.weights))" in text_of(how.objective)
