"""A Keras classifier trained by `fit`: small images of digits, judged by Keras's own accuracy."""

from __future__ import annotations

import logging

from evaluation.trainings.faults import BY_NAME, NOTHING
from evaluation.trainings.tables import examples

METRIC = "val_sparse_categorical_accuracy:higher"
EPOCHS, BATCH, HIDDEN, RATE, CLASSES = 5, 64, 48, 0.003, 10


def train(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train once."""
    import keras

    # A new model for each training is meant, and TensorFlow warns that it is slow.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    planted = BY_NAME[fault]
    data = examples("digits", planted)
    inputs, targets = data.inputs, data.targets
    if not planted.shuffled:
        order = targets.argsort(kind="stable")
        inputs, targets = inputs[order], targets[order]
    model = keras.Sequential(
        [keras.Input(inputs.shape[1:]), keras.layers.Dense(HIDDEN, "relu"), keras.layers.Dense(CLASSES, "softmax")]
    )
    optimizer = keras.optimizers.Adam(RATE * planted.rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    result = model.fit(
        inputs,
        targets,
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(data.test_inputs, data.test_targets),
        shuffle=planted.shuffled,
        verbose=0,
    )
    return {name: [float(value) for value in values] for name, values in result.history.items()}
