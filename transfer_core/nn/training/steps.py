"""What the loop runs over each batch, compiled: a step of learning, the answers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from transfer_core.nn.data.batches import Batch, Batches, joined
from transfer_core.nn.training.classifier import Network
from transfer_core.nn.training.optimizer import LayerwiseOptimizer
from transfer_core.runs.progress import Reporter

__all__ = [
    "Answer",
    "Step",
    "Steps",
    "all_logits",
    "compiled_logits",
    "compiled_pooled",
    "compiled_predict",
    "gather",
    "softmax",
    "train_step",
    "train_steps",
]

Step = Callable[[Batch, float], tuple[float, int]]  # a batch, at a rate: its summed loss and number right
Steps = Callable[[Sequence[Batch], Sequence[float]], list[tuple[float, int]]]  # the same of each of several
Answer = Callable[[Batch], NDArray[np.float32]]  # a row a photo: logits (batch, classes), or features


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float32]:
    """Probabilities (photos, classes) of logits, each row adding up to 1.

    A `temperature` above 1 makes them less sure, one below 1 surer; which class comes first stays.
    """
    return np.asarray(tf.nn.softmax(logits / np.float32(temperature)).numpy())


def all_logits(network: Network, batches: Batches, reporter: Reporter) -> NDArray[np.float32]:
    """The network's logits (photos, classes) in the order of the labels of `batches`."""
    return gather(compiled_logits(network, batches), batches, reporter.beat)


def compiled_pooled(network: Network, batches: Batches) -> Answer:
    """The pooled features (batch, channels) that reach the head, of a batch of `batches`."""
    body = network.body
    if body is None:
        return lambda batch: np.asarray(batch.inputs[0])
    compiled = tf.function(
        lambda inputs: body(list(inputs), training=False), input_signature=_signature(batches)[:1], autograph=False
    )
    return lambda batch: np.asarray(compiled(_tensors(batch)[0]).numpy())


def compiled_predict(network: Network, batches: Batches, reporter: Reporter) -> Callable[[], NDArray[np.float32]]:
    """The network's probabilities in the order of the labels, compiled once, to be asked for while it changes."""
    answer = compiled_logits(network, batches)
    return lambda: softmax(gather(answer, batches, reporter.beat))


def gather(answer: Answer, batches: Batches, after: Callable[[], None]) -> NDArray[np.float32]:
    """The answers (photos, classes) in the order of the labels of `batches`, whichever order the photos come in.

    Args:
        answer: what `compiled_logits` gave.
        batches: the photos.
        after: called after each batch; may raise.
    """
    parts = []
    for batch in batches.epoch():
        parts.append(answer(batch))
        after()
    logits = np.concatenate(parts)
    logits[batches.order(0)] = logits.copy()
    return logits


def compiled_logits(network: Network, batches: Batches) -> Answer:
    """The logits (batch, classes) of a batch of `batches`, compiled; nothing is changed."""

    def forward(inputs: tuple[Any, ...]) -> Any:
        return network(inputs, training=False)

    compiled = tf.function(forward, input_signature=_signature(batches)[:1], autograph=False)
    return lambda batch: np.asarray(compiled(_tensors(batch)[0]).numpy())


def _tensors(batch: Batch) -> tuple[tuple[Any, ...], Any, Any]:
    return tuple(tf.constant(part) for part in batch.inputs), tf.constant(batch.labels), tf.constant(batch.weights)


def _signature(batches: Batches) -> list[Any]:
    """Of a step's arguments. The batch size is left open: the last, smaller batch must not be traced anew."""
    inputs = tuple(tf.TensorSpec((None, *source.shape[1:]), source.dtype) for source in batches.sources)
    return [inputs, tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)]


def train_step(network: Network, optimizer: LayerwiseOptimizer, batches: Batches, label_smoothing: float = 0.0) -> Step:
    """A step of learning, compiled: it changes the network and gives the batch's loss, as it was before, and hits.

    Label smoothing (Szegedy et al. 2016) gives every class a share of the target: the network then does not strive for
    answers that are surer than they can be. It acts on what is learnt, not on the loss that is told, so that training
    and validation loss stay comparable.
    """
    step = _step(network, optimizer, label_smoothing)
    signature = [*_signature(batches), tf.TensorSpec((), tf.float32)]
    compiled = tf.function(step, input_signature=signature, autograph=False)

    def run(batch: Batch, rate: float) -> tuple[float, int]:
        loss, right = compiled(*_tensors(batch), tf.constant(rate, tf.float32))
        return float(loss), int(right)

    return run


def train_steps(
    network: Network, optimizer: LayerwiseOptimizer, batches: Batches, label_smoothing: float = 0.0
) -> Steps:
    """Steps of learning one after the other, each as `train_step` and at a rate of its own.

    Those of a head alone are one call of TensorFlow: a call takes about a millisecond, several times as long as a step
    of a head on 32 photos.

    Args:
        network: what learns.
        optimizer: moves it.
        batches: what the steps are given is cut from them, so that only the last of a call may be smaller.
        label_smoothing: see `train_step`.
    """
    if network.body is not None:
        step = train_step(network, optimizer, batches, label_smoothing)
        return lambda parts, rates: [step(part, rate) for part, rate in zip(parts, rates, strict=True)]
    step, size = _step(network, optimizer, label_smoothing), batches.batch_size

    def steps(inputs: tuple[Any, ...], labels: Any, weights: Any, rates: Any) -> tuple[Any, Any]:
        def one(at: Any, losses: Any, hits: Any) -> tuple[Any, Any, Any]:
            part = slice(at * size, (at + 1) * size)
            loss, right = step(tuple(source[part] for source in inputs), labels[part], weights[part], rates[at])
            return at + 1, losses.write(at, loss), hits.write(at, right)

        count = tf.size(rates)
        told = tf.TensorArray(tf.float32, count), tf.TensorArray(tf.int64, count)
        _, losses, hits = tf.while_loop(lambda at, *_: at < count, one, (0, *told), parallel_iterations=1)
        return losses.stack(), hits.stack()

    signature = [*_signature(batches), tf.TensorSpec((None,), tf.float32)]
    compiled = tf.function(steps, input_signature=signature, autograph=False)

    def run(parts: Sequence[Batch], rates: Sequence[float]) -> list[tuple[float, int]]:
        losses, hits = compiled(*_tensors(joined(parts)), tf.constant(rates, tf.float32))
        return list(zip(losses.numpy().tolist(), hits.numpy().tolist(), strict=True))

    return run


def _step(network: Network, optimizer: LayerwiseOptimizer, label_smoothing: float) -> Callable[..., tuple[Any, Any]]:
    variables = network.variables

    def step(inputs: tuple[Any, ...], labels: Any, weights: Any, rate: Any) -> tuple[Any, Any]:
        optimizer.set_rate(rate)
        # Watched one by one: to TensorFlow frozen layers are trainable too, and tracing their gradients takes time.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            logits = network(inputs, training=True)
            losses = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
            if label_smoothing:
                even = tf.reduce_logsumexp(logits, 1) - tf.reduce_mean(logits, 1)  # cross-entropy of an even target
                loss = (1 - label_smoothing) * loss + label_smoothing * tf.reduce_mean(weights * even)
        optimizer.apply(tape.gradient(loss, variables))
        right = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels)
        return tf.reduce_sum(losses), tf.math.count_nonzero(right)

    return step
