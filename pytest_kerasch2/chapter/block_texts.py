"""The chapter's code blocks in reading order: its names, calls, arguments and mistakes, in a layout of our own.

Where the chapter's mistake is one of spacing, the text here has the same spacing.
"""

from __future__ import annotations

import symtable
import textwrap

TEXTS: dict[str, str] = {
    "version": """
        import tensorflow as tf
        print(tf.keras.__version__)
    """,
    "set-floatx": """
        keras.backend.set_floatx(floatx)
    """,
    "import-backend": """
        from keras import backend as K
    """,
    # A signature, here as a call of it: no block defines `value`.
    "constant-signature": """
        const = K.constant(value, dtype=None, shape=None, name=None)
    """,
    "constant": """
        from tensorflow.keras import backend as K
        const = K.constant([[42, 24], [11, 99]], dtype=tf.float16, shape=[2, 2])
        const
    """,
    "load-mnist": """
        mnist = tf.keras.datasets.mnist
        (train_x, train_y), (test_x, test_y) = mnist.load_data()
    """,
    "training-numbers": """
        epochs = 10
        batch_size = 32
    """,
    "preparation": """
        train_x, test_x = tf.cast(train_x / 255.0, tf.float32), tf.cast(test_x / 255.0, tf.float32)
        train_y, test_y = tf.cast(train_y, tf.int64), tf.cast(test_y, tf.int64)
    """,
    "first-model": """
        model1 = tf.keras.models.Sequential([
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(512, activation=tf.nn.relu),
            tf.keras.layers.Dropout(0.2),
            tf.keras.layers.Dense(10, activation=tf.nn.softmax),
        ])
    """,
    "compile": """
        optimiser = tf.keras.optimizers.Adam()
        model1.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    """,
    "fit": """
        model1.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)
    """,
    "evaluate": """
        model1.evaluate(test_x, test_y)
    """,
    "second-model": """
        model2 = tf.keras.models.Sequential()
        model2.add(tf.keras.layers.Flatten())
        model2.add(tf.keras.layers.Dense(512, activation="relu"))
        model2.add(tf.keras.layers.Dropout(0.2))
        model2.add(tf.keras.layers.Dense(10, activation=tf.nn.softmax))
        model2.compile(optimizer=tf.keras.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    """,
    "second-fit": """
        model2.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)
    """,
    "second-evaluate": """
        model2.evaluate(test_x, test_y)
    """,
    "functional-data": """
        import tensorflow as tf
        mnist = tf.keras.datasets.mnist
        (train_x, train_y), (test_x, test_y) = mnist.load_data()
        train_x, test_x = train_x / 255.0, test_x / 255.0
        epochs = 10
    """,
    "functional-model": """
        inputs = tf.keras.Input(shape=(28, 28))
        x = tf.keras.layers.Flatten()(inputs)
        x = tf.layers.Dense(512, activation="relu", name="d1")(x)
        x = tf.keras.layers.Dropout(0.2)(x)
        predictions = tf.keras.layers.Dense(10, activation=tf.nn.softmax, name="d2")(x)

        model3 = tf.keras.Model(inputs=inputs, outputs=predictions)
    """,
    "functional-training": """
        optimiser = tf.keras.optimizers.Adam()
        model3.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

        model3.fit(train_x, train_y, batch_size=32, epochs=epochs)

        model3.evaluate(test_x, test_y)
    """,
    # The printed depths are 1 for the methods, 2 for the first statement and 3 for the others: no Python takes that.
    "subclass-definition": """
        class MyModel(tf.keras.Model):
         def __init__(self, num_classes=10):
          super(MyModel, self).__init__()
         # layers
           inputs = tf.keras.Input(shape=(28, 28))
           self.x0 = tf.keras.layers.Flatten()
           self.x1 = tf.keras.layers.Dense(512, activation="relu", name="d1")
           self.x2 = tf.keras.layers.Dropout(0.2)
           self.predictions = tf.keras.layers.Dense(10, activation=tf.nn.softmax, name="d2")

         def call(self, inputs):
         # forward pass
           x = self.x0(inputs)
           x = self.x1(x)
           x = self.x2(x)
           return self.predictions(x)

        model4 = MyModel()
    """,
    # The last line is printed with a blank before it.
    "subclass-training": """
        model4 = MyModel()
        batch_size = 32
        steps_per_epoch = len(train_x.numpy()) // batch_size
        print(steps_per_epoch)

        model4.compile(optimizer=tf.keras.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])

        model4.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)

         model4.evaluate(test_x, test_y)
    """,
    "training-pipeline": """
        batch_size = 32
        buffer_size = 10000

        train_dataset = tf.data.Dataset.from_tensor_slices((train_x, train_y)).batch(32).shuffle(10000)

        train_dataset = train_dataset.map(lambda x, y: (tf.image.random_flip_left_right(x), y))
        train_dataset = train_dataset.repeat()
    """,
    "test-pipeline": """
        test_dataset = tf.data.Dataset.from_tensor_slices((test_x, test_y)).batch(batch_size).shuffle(10000)

        test_dataset = train_dataset.repeat()
    """,
    # `model5` and `model` are defined by no block of the chapter.
    "pipeline-training": """
        steps_per_epoch = len(train_x) // batch_size
        optimiser = tf.keras.optimizers.Adam()
        model5.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(train_dataset, batch_size=batch_size, epochs=epochs, steps_per_epoch=steps_per_epoch)
    """,
    "save-model": """
        model.save("./model_name.h5")
    """,
    "load-model": """
        from tensorflow.keras.models import load_model
        new_model = load_model("./model_name.h5")
    """,
    "save-weights": """
        model.save_weights("./model_weights.h5")
    """,
    "load-weights": """
        model.load_weights("./model_weights.h5")
    """,
    "load-fashion": """
        (x_train, y_train), (x_test, y_test) = tf.keras.datasets.fashion_mnist.load_data()
    """,
}


SIGNATURES = ("constant-signature",)
"""Blocks that print what a function takes, and are not typed."""


def text(block: str) -> str:
    """Return the text of a block; KeyError for a name that no block has."""
    return textwrap.dedent(TEXTS[block]).strip() + "\n"


def repaired(block: str) -> str:
    """Return the same text with the indentation that was meant."""
    lines = textwrap.dedent(TEXTS[block]).strip().splitlines()
    if block == "subclass-definition":
        lines = ["   " + line.strip() if line.startswith("  ") else line for line in lines]
    if block == "subclass-training":
        lines = [line.strip() if ".evaluate" in line else line for line in lines]
    return "\n".join(lines) + "\n"


def defined_before(block: str) -> set[str]:
    """Return the names that the blocks before this one make, if each of them runs as it was meant."""
    names: set[str] = set()
    for name in TEXTS:
        if name == block:
            break
        names |= made_by(name)
    return names


def made_by(block: str) -> set[str]:
    """Return the names that a block makes."""
    symbols = symtable.symtable(repaired(block), block, "exec").get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
