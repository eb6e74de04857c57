"""One check of an installed fastnlp with the TensorFlow beside it: see try_tensorflow_versions.py.

python tools/check_tensorflow.py {eager,dataset,saved_model,data_service}
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable

import tensorflow as tf

from fastnlp.ops import WordPiece
from fastnlp.tf import library_error
from fastnlp.tf.wordpiece import decode, encode

# Short and long strings, which TensorFlow stores in different ways, an empty one, and one that holds a NUL.
TEXTS = ["the quick brown foxes.", "", "the fox\0É 日本", "quick " * 100]
ENCODER = WordPiece(["[UNK]", "the", "qu", "##ick", "brown", "fox", "##es", ".", "é", "日"], lowercase=True)
EXPECTED = ENCODER.encode(TEXTS).tolist()


def eager() -> None:
    """Eager calls and their errors; shapes in a graph."""
    ids = encode(ENCODER, TEXTS)
    assert ids.to_list() == EXPECTED
    assert [text.decode() for text in decode(ENCODER, ids).numpy()] == ENCODER.decode(EXPECTED)
    assert encode(ENCODER, [[text] for text in TEXTS], sequence_length=8).shape == [len(TEXTS), 1, 8]
    assert "row 1" in error_of(lambda: encode(ENCODER, [b"fox", b"\xff"], errors="strict"))
    assert "row 1" in error_of(lambda: decode(ENCODER, [[1], [99]]))
    function = tf.function(lambda texts: encode(ENCODER, texts), input_signature=[tf.TensorSpec([5], tf.string)])
    assert function.get_concrete_function().structured_outputs.shape.as_list() == [5, None]


def error_of(call: Callable[[], object]) -> str:
    """What the call raises."""
    try:
        call()
    except tf.errors.InvalidArgumentError as error:
        return str(error)
    raise AssertionError("no error")


def dataset() -> None:
    """`tf.data` map, of single texts and of batches."""
    texts = tf.data.Dataset.from_tensor_slices(TEXTS * 50)
    single = texts.map(lambda text: encode(ENCODER, text), num_parallel_calls=tf.data.AUTOTUNE)
    batched = texts.batch(7).map(lambda batch: encode(ENCODER, batch), num_parallel_calls=tf.data.AUTOTUNE)
    assert [ids.numpy().tolist() for ids in single] == EXPECTED * 50
    assert [row for batch in batched for row in batch.to_list()] == EXPECTED * 50


def saved_model() -> None:
    """A SavedModel, loaded in a process that knows nothing of the encoder."""
    module = tf.Module()
    module.encode = tf.function(
        lambda texts: encode(ENCODER, texts), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder)
        code = f"""
import fastnlp.tf
import tensorflow as tf
assert tf.saved_model.load({folder!r}).encode(tf.constant({TEXTS!r})).to_list() == {EXPECTED!r}
"""
        subprocess.run([sys.executable, "-P", "-c", code], check=True)


def data_service() -> None:
    """A tf.data service whose dispatcher and worker are another process."""
    code = """
import sys
import fastnlp.tf
import tensorflow as tf
service = tf.data.experimental.service
dispatcher = service.DispatchServer()
worker = service.WorkerServer(service.WorkerConfig(dispatcher.target.split("://")[1], heartbeat_interval_ms=200))
print(dispatcher.target, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-P", "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            batches = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).map(lambda batch: encode(ENCODER, batch))
            distribute = tf.data.experimental.service.distribute("parallel_epochs", address)
            assert [row for batch in batches.apply(distribute) for row in batch.to_list()] == EXPECTED
        finally:
            process.kill()


if __name__ == "__main__":
    assert library_error() is None, library_error()
    {"eager": eager, "dataset": dataset, "saved_model": saved_model, "data_service": data_service}[sys.argv[1]]()
