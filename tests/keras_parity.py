"""Two Keras models that should be alike: the same weights, and what comes out of them and of a step of training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

# Each dtype policy, and how far two computations in it may be apart, in units of the largest value.
TOLERANCES = {"float32": 2e-5, "bfloat16": 5e-2, "mixed_bfloat16": 5e-2, "mixed_float16": 5e-3}


def weights(model: Any) -> dict[str, np.ndarray]:
    """The weights by path, without seeds and without the path's first part where that is the model's own name."""
    variables = [v for v in model.variables if "seed_generator" not in v.path]
    found = {v.path.removeprefix(f"{model.name}/"): keras.ops.convert_to_numpy(v.value) for v in variables}
    assert len(found) == len(variables)
    return found


def randomize(model: Any, seed: int = 0) -> None:
    """Give all weights values that matter: biases are zeros and scales are ones otherwise."""
    random = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed_generator" not in variable.path:
            variable.assign(random.normal(1.0 if variable.path.endswith("gamma") else 0.0, 0.3, variable.shape))


def copy_weights(source: Any, target: Any) -> None:
    """Copy weights by path; both must have the same paths, in the same order."""
    values = weights(source)
    assert list(values) == list(weights(target))
    for variable in target.variables:
        if "seed_generator" not in variable.path:
            variable.assign(values[variable.path.removeprefix(f"{target.name}/")])


def step(model: Any, x: Any, y: Any, *, jit_compile: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The outputs for x, and the gradients of the mean squared error against y, by path."""
    metrics: dict[str, Any] = {"metrics": [], "weighted_metrics": []}  # instead of those that tasks have
    model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=jit_compile, auto_scale_loss=False, **metrics)
    outputs = np.asarray(model.predict_on_batch(x), "float32")
    before = weights(model)
    model.train_on_batch(x, y)
    after = weights(model)
    return outputs, {path: np.float32(before[path]) - np.float32(after[path]) for path in before}


def assert_alike(ours: Any, theirs: Any, tolerance: float, what: str, least_scale: float = 1e-3) -> None:
    """Two arrays differ by no more than `tolerance` times the largest value."""
    assert ours.shape == theirs.shape, what
    scale = max(np.abs(theirs).max(), least_scale)
    assert np.abs(ours - theirs).max() <= tolerance * scale, f"{what}: {np.abs(ours - theirs).max() / scale:.2e}"


def assert_same_models(
    make_ours: Callable[[], Any], make_theirs: Callable[[], Any], x: Any, policy: str, *, jit_compile: bool
) -> None:
    """Two models with the same weights have the same outputs and the same gradients under a dtype policy."""
    with DtypePolicy(policy):
        theirs, ours = make_theirs(), make_ours()
    randomize(theirs)
    copy_weights(theirs, ours)
    y = np.random.default_rng(1).normal(size=keras.ops.shape(theirs(x))).astype("float32")
    (our_outputs, our_gradients), (their_outputs, their_gradients) = (
        step(model, x, y, jit_compile=jit_compile) for model in (ours, theirs)
    )
    assert_alike(our_outputs, their_outputs, TOLERANCES[policy], "outputs")
    # Keys have no need of a bias: its gradient is rounding and no more, and has no scale of its own.
    largest = max(np.abs(gradient).max() for gradient in their_gradients.values())
    assert largest > 1e-3
    for path, gradient in their_gradients.items():
        assert_alike(our_gradients[path], gradient, TOLERANCES[policy], path, least_scale=largest / 10)


class DtypePolicy:
    """A context in which layers are created under a global dtype policy."""

    def __init__(self, policy: str) -> None:
        self.policy = policy

    def __enter__(self) -> None:
        self.before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.policy)

    def __exit__(self, *exception: object) -> None:
        keras.config.set_dtype_policy(self.before)
