"""The code of the chapter, each block as printed or with its workaround: it runs on

TensorFlow 2.13,
TensorFlow 2.14,
TensorFlow 2.15.

Written by `python docs/write_chapter.py`; docs/chapter/index.md says on which of these it was run.
"""

# version
import tensorflow as tf
import keras
print(keras.__version__)

# set-floatx
floatx = "float32"
tf.keras.backend.set_floatx(floatx)

# import-backend
from keras import backend as K

# constant
from tensorflow.keras import backend as K
const = K.constant([[42, 24], [11, 99]], dtype=tf.float16, shape=[2, 2])
const

# load-mnist
mnist = tf.keras.datasets.mnist
(train_x, train_y), (test_x, test_y) = mnist.load_data()

# training-numbers
epochs = 10
batch_size = 32

# preparation
train_x, test_x = tf.cast(train_x / 255.0, tf.float32), tf.cast(test_x / 255.0, tf.float32)
train_y, test_y = tf.cast(train_y, tf.int64), tf.cast(test_y, tf.int64)

# first-model
model1 = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(512, activation=tf.nn.relu),
    tf.keras.layers.Dropout(0.2),
    tf.keras.layers.Dense(10, activation=tf.nn.softmax),
])

# compile
optimiser = tf.keras.optimizers.Adam()
model1.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

# fit
model1.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)

# evaluate
model1.evaluate(test_x, test_y)

# second-model
model2 = tf.keras.models.Sequential()
model2.add(tf.keras.layers.Flatten())
model2.add(tf.keras.layers.Dense(512, activation="relu"))
model2.add(tf.keras.layers.Dropout(0.2))
model2.add(tf.keras.layers.Dense(10, activation=tf.nn.softmax))
model2.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
               metrics=["accuracy"])

# second-fit
model2.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)

# second-evaluate
model2.evaluate(test_x, test_y)

# functional-data
import tensorflow as tf
mnist = tf.keras.datasets.mnist
(train_x, train_y), (test_x, test_y) = mnist.load_data()
train_x, test_x = train_x / 255.0, test_x / 255.0
epochs = 10

# functional-model
inputs = tf.keras.Input(shape=(28, 28))
x = tf.keras.layers.Flatten()(inputs)
x = tf.keras.layers.Dense(512, activation="relu", name="d1")(x)
x = tf.keras.layers.Dropout(0.2)(x)
predictions = tf.keras.layers.Dense(10, activation=tf.nn.softmax, name="d2")(x)

model3 = tf.keras.Model(inputs=inputs, outputs=predictions)

# functional-training
optimiser = tf.keras.optimizers.Adam()
model3.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

model3.fit(train_x, train_y, batch_size=32, epochs=epochs)

model3.evaluate(test_x, test_y)

# subclass-definition
class MyModel(tf.keras.Model):
    def __init__(self, num_classes=10):
        super(MyModel, self).__init__()
        self.x0 = tf.keras.layers.Flatten()
        self.x1 = tf.keras.layers.Dense(512, activation="relu", name="d1")
        self.x2 = tf.keras.layers.Dropout(0.2)
        self.predictions = tf.keras.layers.Dense(num_classes, activation=tf.nn.softmax, name="d2")

    def call(self, inputs, training=None):
        x = self.x0(inputs)
        x = self.x1(x)
        x = self.x2(x, training=training)
        return self.predictions(x)

model4 = MyModel()

# subclass-training
model4 = MyModel()
batch_size = 32
steps_per_epoch = len(train_x) // batch_size
print(steps_per_epoch)

model4.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
               metrics=["accuracy"])

model4.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)

model4.evaluate(test_x, test_y)

# training-pipeline
batch_size = 32
buffer_size = 10000

def flip(x, y):
    return tf.image.random_flip_left_right(x[..., tf.newaxis])[..., 0], y

train_dataset = tf.data.Dataset.from_tensor_slices((train_x, train_y))
train_dataset = train_dataset.shuffle(buffer_size).map(flip).batch(batch_size).repeat()

# test-pipeline
test_dataset = tf.data.Dataset.from_tensor_slices((test_x, test_y)).batch(batch_size)

# pipeline-training
model5 = MyModel()
steps_per_epoch = len(train_x) // batch_size
optimiser = tf.keras.optimizers.Adam()
model5.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model5.fit(train_dataset, epochs=epochs, steps_per_epoch=steps_per_epoch)

# save-model
model = model1
model.save("./model_name.h5")

# load-model
from tensorflow.keras.models import load_model
new_model = load_model("./model_name.h5")

# save-weights
model = model1
model.save_weights("./model_weights.h5")

# load-weights
model = model1
model.load_weights("./model_weights.h5")

# load-fashion
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.fashion_mnist.load_data()
