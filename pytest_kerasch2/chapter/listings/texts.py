"""The chapter's code blocks as texts of our own: the same calls, arguments and mistakes under other variable names.

Where the chapter's mistake is one of spacing, the text here has the same spacing. Each text is run by itself, among the
names that the earlier blocks of its example leave behind; `blocks_running` makes those.
"""

from __future__ import annotations

import textwrap

TEXTS: dict[str, str] = {
    "version": """
        import tensorflow as tf
        print(tf.keras.__version__)
    """,
    "set-floatx": """
        keras.backend.set_floatx(precision)
    """,
    "import-backend": """
        from keras import backend as K
    """,
    "constant-signature": """
        made = K.constant(value, dtype=None, shape=None, name=None)
    """,
    "constant": """
        from tensorflow.keras import backend as K
        square = K.constant([[42, 24], [11, 99]], dtype=tf.float16, shape=[2, 2])
        square
    """,
    "load-mnist": """
        digits = tf.keras.datasets.mnist
        (train_images, train_labels), (test_images, test_labels) = digits.load_data()
    """,
    "training-numbers": """
        rounds = 10
        per_batch = 32  # what fit takes anyway
    """,
    "preparation": """
        train_images, test_images = tf.cast(train_images/255.0, tf.float32), tf.cast(test_images/255.0, tf.float32)
        train_labels, test_labels = tf.cast(train_labels, tf.int64), tf.cast(test_labels, tf.int64)
    """,
    "first-model": """
        network = tf.keras.models.Sequential([
         tf.keras.layers.Flatten(),
         tf.keras.layers.Dense(512, activation=tf.nn.relu),
         tf.keras.layers.Dropout(0.2),
         tf.keras.layers.Dense(10, activation=tf.nn.softmax)
        ])
    """,
    "compile": """
        adam = tf.keras.optimizers.Adam()
        network.compile (optimizer= adam, loss='sparse_categorical_crossentropy', metrics = ['accuracy'])
    """,
    "fit": """
        network.fit(train_images, train_labels, batch_size=per_batch, epochs=rounds)
    """,
    "evaluate": """
        scores = network.evaluate(test_images, test_labels)
    """,
    "second-model": """
        network = tf.keras.models.Sequential();
        network.add(tf.keras.layers.Flatten())
        network.add(tf.keras.layers.Dense(512, activation='relu'))
        network.add(tf.keras.layers.Dropout(0.2))
        network.add(tf.keras.layers.Dense(10, activation=tf.nn.softmax))
        network.compile (optimizer= tf.keras.Adam(), loss='sparse_categorical_crossentropy',
         metrics = ['accuracy'])
    """,
    "functional-data": """
        import tensorflow as tf
        digits = tf.keras.datasets.mnist
        (train_images, train_labels), (test_images, test_labels) = digits.load_data()
        train_images, test_images = train_images/255.0, test_images/255.0
        rounds = 10
    """,
    "functional-model": """
        image = tf.keras.Input(shape=(28, 28))
        flow = tf.keras.layers.Flatten()(image)
        flow = tf.layers.Dense(512, activation='relu', name='d1')(flow)
        flow = tf.keras.layers.Dropout(0.2)(flow)
        chances = tf.keras.layers.Dense(10, activation=tf.nn.softmax, name='d2')(flow)

        network = tf.keras.Model(inputs=image, outputs=chances)
    """,
    "functional-training": """
        adam = tf.keras.optimizers.Adam()
        network.compile (optimizer= adam, loss='sparse_categorical_crossentropy', metrics = ['accuracy'])

        network.fit(train_images, train_labels, batch_size=32, epochs=rounds)

        scores = network.evaluate(test_images, test_labels)
    """,
    # The printed depths are 1 for the methods, 2 for the first statement and 3 for the others: no Python takes that.
    "subclass-definition": """
        class Network(tf.keras.Model):
         def __init__(self, classes=10):
          super(Network, self).__init__()
         # layers
           image = tf.keras.Input(shape=(28, 28))
           self.flat = tf.keras.layers.Flatten()
           self.inner = tf.keras.layers.Dense(512, activation='relu', name='d1')
           self.drop = tf.keras.layers.Dropout(0.2)
           self.chances = tf.keras.layers.Dense(10, activation=tf.nn.softmax, name='d2')

         def call(self, image):
         # forward pass
           flow = self.flat(image)
           flow = self.inner(flow)
           flow = self.drop(flow)
           return self.chances(flow)

        network = Network()
    """,
    # The last line is printed with a blank before it.
    "subclass-training": """
        network = Network()
        per_batch = 32
        steps = len(train_images.numpy())//per_batch
        print(steps)

        network.compile (optimizer= tf.keras.Adam(), loss='sparse_categorical_crossentropy',
         metrics = ['accuracy'])

        network.fit(train_images, train_labels, batch_size=per_batch, epochs=rounds)

         network.evaluate(test_images, test_labels)
    """,
    "training-pipeline": """
        per_batch = 32
        in_store = 10000

        batches = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).batch(32).shuffle(10000)

        batches = batches.map(lambda image, label: (tf.image.random_flip_left_right(image), label))
        batches = batches.repeat()
    """,
    "test-pipeline": """
        test_batches = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(per_batch).shuffle(10000)

        test_batches = batches.repeat()
    """,
    # Two names that no block of the chapter defines are the point, so they are the printed ones.
    "pipeline-training": """
        steps = len(train_images)//per_batch
        adam = tf.keras.optimizers.Adam()
        model5.compile (optimizer= adam, loss='sparse_categorical_crossentropy', metrics = ['accuracy'])
        model.fit(batches, batch_size=per_batch, epochs=rounds, steps_per_epoch=steps)
    """,
    "save-model": """
        network.save('./model_name.h5')
    """,
    "load-model": """
        from tensorflow.keras.models import load_model
        again = load_model('./model_name.h5')
    """,
    "save-weights": """
        network.save_weights('./model_weights.h5')
    """,
    "load-weights": """
        network.load_weights('./model_weights.h5')
    """,
    "load-fashion": """
        (train_images, train_labels), (test_images, test_labels) = tf.keras.datasets.fashion_mnist.load_data()
    """,
}


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
