"""Graphs that run where they were not made: SavedModels and tf.data service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tensorflow as tf

from fastnlp import tf as fastnlp_tf
from fastnlp.ops import WordPiece

encode = fastnlp_tf.wordpiece.encode
decode = fastnlp_tf.wordpiece.decode

TEXTS = ["the quick brown foxes.", "", "日本 É", "the\0fox", "a " * 40]

pytestmark = pytest.mark.usefixtures("needs_library")


def test_saved_model(encoder: WordPiece, run_python: Callable[..., str], tmp_path: Path) -> None:
    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def encode(self, texts: tf.Tensor) -> tf.RaggedTensor:
            return encode(encoder, texts)

        @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
        def decode(self, ids: tf.RaggedTensor) -> tf.Tensor:
            return decode(encoder, ids)

    tf.saved_model.save(Model(), str(tmp_path / "model"))
    code = """
import json, sys
import fastnlp.tf
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
ids = model.encode(tf.constant(json.loads(sys.argv[2])))
print(json.dumps([ids.to_list(), [text.decode() for text in model.decode(ids).numpy()]]))
"""
    ids, texts = json.loads(run_python(code, tmp_path / "model", json.dumps(TEXTS)).splitlines()[-1])
    assert ids == encoder.encode(TEXTS).to_list()
    assert texts == encoder.decode(encoder.encode(TEXTS))


SERVICE = """
import sys
import fastnlp.tf
import tensorflow as tf
service = tf.data.experimental.service
dispatcher = service.DispatchServer()
worker = service.WorkerServer(service.WorkerConfig(dispatcher.target.split("://")[1], heartbeat_interval_ms=200))
print(dispatcher.target, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def service() -> Iterator[str]:
    """The address of a tf.data service whose dispatcher and worker are another process."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", SERVICE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_data_service(encoder: WordPiece, service: str) -> None:
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2)
    dataset = dataset.map(lambda batch: encode(encoder, batch), num_parallel_calls=tf.data.AUTOTUNE)
    distributed = dataset.apply(tf.data.experimental.service.distribute("parallel_epochs", service))
    assert [row for batch in distributed for row in batch.to_list()] == encoder.encode(TEXTS).to_list()
