"""Honest models with losses of several parts or several optimizers: generative, contrastive, distilled, reinforced."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_custom import moved, squared
from evaluation.zoo_data import classes, table
from evaluation.zoo_entry import KERAS, TRAINING, honest
from evaluation.zoo_tables import network
from pytest_kerasch2.framework import api

GENERATIVE, LEARNING = "generative", "other ways to learn"
OWN = ("tensorflow", "keras3")


def _dense(k: Any, width: int, outputs: int, activation: Any = None) -> Any:
    return network(k, outputs, activation, width=width)


def parts(k: Any, step: Any, optimizers: int = 1, loss: Any = None, **models: Any) -> Any:
    """Return a model of named parts, whose step is a function of the whole and the data; it calls its first part."""

    class Whole(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, one in models.items():
                setattr(self, name, one)
            self.first = next(iter(models.values()))

        def call(self, x: Any, training: Any = False) -> Any:
            return self.first(x, training=training)

        def train_step(self, data: Any) -> Any:
            given = data if isinstance(data, tuple) else (data,)
            return {"loss": step(self, *(one for one in given if one is not None))}

    whole = Whole()
    whole.compile(*(["adam"] if optimizers == 1 else []), **({} if loss is None else {"loss": loss}))
    if optimizers > 1:
        whole.optimizers = [k.optimizers.Adam(0.002) for _ in range(optimizers)]
    return whole


@honest(GENERATIVE)
def autoencoder(k: Any, drawn: Any) -> Any:
    x, _ = table(drawn)
    model = network(k, 8, hidden=3)
    model.compile("adam", "mse")
    return model, (x, x)


@honest(GENERATIVE)
def denoising_autoencoder(k: Any, drawn: Any) -> Any:
    x, _ = table(drawn)
    layers = [k.layers.GaussianNoise(0.3), k.layers.Dense(4, "relu"), k.layers.Dense(8)]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile("adam", "mse")
    return model, (x, x)


@honest(GENERATIVE, needs=("keras3",))
def variational_autoencoder(k: Any, drawn: Any) -> Any:
    class Sampling(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.drawn = k.random.SeedGenerator(1)

        def call(self, prediction: Any) -> Any:
            mean, log_variance = prediction[:, :2], prediction[:, 2:]
            apart = 1 + log_variance - k.ops.square(mean) - k.ops.exp(log_variance)
            self.add_loss(-0.05 * k.ops.mean(apart))
            noise = k.random.normal(k.ops.shape(mean), seed=self.drawn)
            return mean + k.ops.exp(0.5 * log_variance) * noise

    layers = [k.layers.Dense(4), Sampling(), k.layers.Dense(8, "relu"), k.layers.Dense(8)]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile("adam", "mse")
    x, _ = table(drawn)
    return model, (x, x)


@honest(GENERATIVE, needs=OWN, modes=TRAINING)
def variational_autoencoder_by_train_step(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def step(whole: Any, x: Any) -> Any:
        def loss() -> Any:
            prediction = whole.encoder(x, training=True)
            mean, log_variance = prediction[:, :2], prediction[:, 2:]
            back = whole.decoder(mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean)), training=True)
            apart = -0.05 * tf.reduce_mean(1 + log_variance - mean**2 - tf.exp(log_variance))
            return tf.reduce_mean(tf.square(x - back)) + apart

        return moved(whole, loss)

    x, _ = table(drawn)
    return parts(k, step, encoder=_dense(k, 8, 4), decoder=_dense(k, 2, 8)), x


def _adversaries(k: Any, value: Any) -> Any:
    """Return a GAN of two optimizers; `value` gives the losses of critic and generator from both judgements."""
    tf = api.tensorflow()

    def step(whole: Any, real: Any) -> Any:
        noise = tf.random.normal((tf.shape(real)[0], 3))
        with tf.GradientTape(persistent=True) as tape:
            fake = whole.generator(noise, training=True)
            critic, generator = value(whole.critic, real, fake)
        for optimizer, of, loss in zip(whole.optimizers, (whole.critic, whole.generator), (critic, generator)):
            weights = of.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return critic

    return parts(k, step, optimizers=2, generator=_dense(k, 3, 8), critic=_dense(k, 8, 1))


@honest(GENERATIVE, needs=OWN, modes=TRAINING)
def gan(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def value(critic: Any, real: Any, fake: Any) -> Any:
        true, false = critic(real), critic(fake)
        judged = tf.reduce_mean(tf.nn.softplus(-true)) + tf.reduce_mean(tf.nn.softplus(false))
        return judged, tf.reduce_mean(tf.nn.softplus(-false))

    return _adversaries(k, value), table(drawn)[0]


@honest(GENERATIVE, needs=OWN, modes=TRAINING)
def gan_with_gradient_penalty(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def value(critic: Any, real: Any, fake: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(real)
            true = critic(real)
        steep = tf.reduce_mean(tf.square(tf.norm(tape.gradient(true, real) + 1e-6, axis=1) - 1))
        apart = tf.reduce_mean(critic(fake)) - tf.reduce_mean(true)
        return apart + 10.0 * steep, -tf.reduce_mean(critic(fake))

    return _adversaries(k, value), table(drawn)[0]


@honest(GENERATIVE, needs=OWN, modes=(*TRAINING, "predict"))
def diffusion(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def step(whole: Any, x: Any) -> Any:
        share, noise = tf.random.uniform((tf.shape(x)[0], 1)), tf.random.normal(tf.shape(x))
        blurred = tf.sqrt(share) * x + tf.sqrt(1 - share) * noise
        return moved(whole, lambda: tf.reduce_mean(tf.square(whole(blurred, training=True) - noise)))

    x, _ = table(drawn)
    return parts(k, step, loss="mse", noise=_dense(k, 8, 8)), x


@honest(LEARNING, needs=OWN, modes=(*TRAINING, "predict"))
def distillation(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def step(whole: Any, x: Any, y: Any) -> Any:
        taught = tf.nn.softmax(whole.teacher(x, training=False) / 2)

        def loss() -> Any:
            prediction = whole.student(x, training=True)
            soft = tf.nn.softmax_cross_entropy_with_logits(taught, prediction / 2)
            return tf.reduce_mean(soft + tf.nn.sparse_softmax_cross_entropy_with_logits(y, prediction))

        return moved(whole, loss, whole.student.trainable_variables)

    teacher = _dense(k, 8, 4)
    teacher.trainable = False
    return parts(k, step, student=_dense(k, 8, 4), teacher=teacher), classes(drawn)


@honest(LEARNING, needs=OWN, modes=(*TRAINING, "predict"))
def contrastive(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def step(whole: Any, x: Any) -> Any:
        def loss() -> Any:
            one, other = (
                tf.math.l2_normalize(whole(x + 0.1 * tf.random.normal(tf.shape(x)), training=True), 1) for _ in "ab"
            )
            near = tf.matmul(one, other, transpose_b=True) / 0.2
            own = tf.range(tf.shape(x)[0])
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(own, near))

        return moved(whole, loss)

    return parts(k, step, encoder=_dense(k, 8, 4)), table(drawn)[0]


@honest(LEARNING, needs=("ops",))
def triplets(k: Any, drawn: Any) -> Any:
    def margin(_: Any, prediction: Any) -> Any:
        anchor, near, far = k.ops.split(prediction, 3, axis=1)
        gap = k.ops.sum(k.ops.square(anchor - near), axis=1) - k.ops.sum(k.ops.square(anchor - far), axis=1)
        return k.ops.maximum(gap + 1.0, 0.0)

    tower = _dense(k, 4, 3)
    inputs = [k.Input((4,), name=name) for name in ("anchor", "near", "far")]
    model = k.Model(inputs, k.layers.concatenate([tower(one) for one in inputs]))
    model.compile("adam", margin)
    anchor = drawn.normal(size=(256, 4)).astype("float32")
    data = [anchor, anchor + 0.1, drawn.normal(size=(256, 4)).astype("float32")]
    return model, (data, np.zeros((256, 1), "float32"))


@honest(LEARNING, needs=OWN, modes=(*TRAINING, "predict"))
def follower_of_its_own_mean(k: Any, drawn: Any) -> Any:
    """Self-supervised learning with a target network, the moving mean of the one that is trained."""
    tf = api.tensorflow()

    def step(whole: Any, x: Any) -> Any:
        target = whole.target(x + 0.1 * tf.random.normal(tf.shape(x)), training=False)
        loss = moved(
            whole,
            lambda: tf.reduce_mean(tf.square(whole.online(x, training=True) - target)),
            whole.online.trainable_variables,
        )
        for mean, one in zip(whole.target.weights, whole.online.weights):
            mean.assign(0.9 * mean + 0.1 * one)
        return loss

    target = _dense(k, 8, 4)
    target.trainable = False
    return parts(k, step, online=_dense(k, 8, 4), target=target), table(drawn)[0]


@honest(LEARNING, needs=OWN, modes=(*TRAINING, "predict"))
def policy_gradient(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def step(whole: Any, state: Any, target: Any) -> Any:
        def loss() -> Any:
            prediction = whole(state, training=True)
            action = tf.random.categorical(prediction, 1)[:, 0]
            reward = tf.cast(action == tf.cast(target, action.dtype), "float32") - 0.25
            return tf.reduce_mean(reward * tf.nn.sparse_softmax_cross_entropy_with_logits(action, prediction))

        return moved(whole, loss)

    return parts(k, step, policy=_dense(k, 8, 4)), classes(drawn)


@honest(LEARNING, needs=OWN, modes=(*TRAINING, "predict"))
def actor_and_critic(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    def step(whole: Any, state: Any, reward: Any) -> Any:
        gap = tf.stop_gradient(reward - whole.critic(state, training=True))
        critic = moved(
            whole,
            lambda: squared(whole.critic, state, reward),
            whole.critic.trainable_variables,
            whole.optimizers[0],
        )

        def loss() -> Any:
            return -tf.reduce_mean(gap * tf.nn.log_softmax(whole.actor(state, training=True))[:, :1])

        moved(whole, loss, whole.actor.trainable_variables, whole.optimizers[1])
        return critic

    return parts(k, step, optimizers=2, actor=_dense(k, 8, 4), critic=_dense(k, 8, 1)), table(drawn)


@honest(LEARNING, needs=OWN, modes=TRAINING)
def equation_of_physics(k: Any, drawn: Any) -> Any:
    """A solution of u' = -u with u(0) = 1: the loss has a derivative by the input."""
    tf = api.tensorflow()

    def step(whole: Any, t: Any) -> Any:
        def loss() -> Any:
            with tf.GradientTape() as inner:
                inner.watch(t)
                u = whole(t, training=True)
            start = whole(tf.zeros((1, 1)), training=True)
            return tf.reduce_mean(tf.square(inner.gradient(u, t) + u)) + tf.reduce_mean(tf.square(start - 1))

        return moved(whole, loss)

    return parts(k, step, solution=network(k, 1, hidden=16, width=1)), drawn.uniform(size=(256, 1)).astype("float32")


@honest(LEARNING, needs=("keras3",), modes=KERAS)
def weights_of_losses_are_learned(k: Any, drawn: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = k.layers.Dense(2)
            self.balance = self.add_weight(shape=(2,), initializer="zeros", name="balance")

        def call(self, x: Any) -> Any:
            return self.body(x)

        def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
            each = k.ops.mean(k.ops.square(y - y_pred), axis=0)
            return k.ops.sum(k.ops.exp(-self.balance) * each + self.balance)

    model = Own()
    model.compile("adam")
    return model, table(drawn, 2)
