"""The inference kernel, against float64 loops."""

from __future__ import annotations

from math import exp, fsum, tanh
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from tasks.compute.digest import seed
from tasks.compute.kernels.draws import generator, uniform
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.inference import inference
from tasks.compute.kernels.model_inference import model_inference
from tasks.compute.kernels.named_model import MAX_KEPT_PARAMETERS, named_model
from tasks.compute.kernels.perceptron import drawn_weights, forward
from tasks.compute.payloads.layers import Inference, ModelInference
from tests.support.by_loops import again, product, rows

# Inference


def test_inference_is_the_named_model_on_the_drawn_batch(rng: Generator) -> None:
    payload = Inference(model_id="m", input_size=9, batch_size=3)
    result = inference(payload, rng)
    (first, second), model_hash = named_model("m", payload.dims)
    hidden = [[tanh(value) for value in row] for row in product(rows(uniform(again(), (3, 9))), rows(first))]
    expected = product(hidden, rows(second))
    output = forward((first, second), uniform(again(), (3, 9)))[-1]
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    assert result["output_hash"] == fingerprint("inference", output)
    assert result["model_hash"] == model_hash
    assert result["output_shape"] == [3, 16]
    assert result["output_mean"] == pytest.approx(fsum(value for row in expected for value in row) / 48, abs=1e-5)


def test_one_model_id_is_one_model_for_every_job_and_another_id_another() -> None:
    payload = Inference(model_id="m", input_size=16, batch_size=2)
    one, two = inference(payload, generator(1)), inference(payload, generator(2))
    assert one["model_hash"] == two["model_hash"]
    assert one["output_hash"] != two["output_hash"]
    other = inference(Inference(model_id="n", input_size=16, batch_size=2), generator(1))
    assert other["model_hash"] != one["model_hash"]
    assert other["output_hash"] != one["output_hash"]


def test_a_kept_model_is_the_drawn_one_and_can_not_be_written() -> None:
    kept, first_hash = named_model("kept", (8, 4))
    assert named_model("kept", (8, 4))[0][0] is kept[0]
    np.testing.assert_array_equal(kept[0], drawn_weights(generator(seed("model/kept")), (8, 4))[0])
    with pytest.raises(ValueError, match="read-only"):
        kept[0][0, 0] = 1.0
    assert first_hash == fingerprint("model", *kept)


def test_a_model_too_large_to_keep_is_drawn_alike_each_time() -> None:
    dims = (MAX_KEPT_PARAMETERS + 1, 1)
    (one,), one_hash = named_model("large", dims)
    (two,), two_hash = named_model("large", dims)
    assert one is not two
    assert one_hash == two_hash


def test_predictions_and_confidence_are_those_of_a_softmax_by_loops(rng: Generator) -> None:
    payload = ModelInference(batch_size=5, input_dim=12, hidden_dim=7, output_dim=4)
    result: dict[str, Any] = model_inference(payload, rng)
    (first, second), _ = named_model("model_inference", payload.dims)
    hidden = [[tanh(value) for value in row] for row in product(rows(uniform(again(), (5, 12))), rows(first))]
    logits = product(hidden, rows(second))
    odds = [[exp(value) for value in row] for row in logits]
    chances = [[value / fsum(row) for value in row] for row in odds]
    assert result["predictions"] == [row.index(max(row)) for row in chances]
    assert result["confidence"] == pytest.approx(fsum(max(row) for row in chances) / 5, rel=1e-5)
    assert result["shape"] == [5, 4]


def test_one_class_is_predicted_with_certainty_and_long_batches_list_64_predictions(rng: Generator) -> None:
    payload = ModelInference(batch_size=200, input_dim=3, hidden_dim=2, output_dim=1)
    result = model_inference(payload, rng)
    assert result["predictions"] == [0] * 64
    assert result["confidence"] == 1.0
