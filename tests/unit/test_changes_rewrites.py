"""Known changes: what each finds and what its rewrite makes; a rewrite without a proof is not made."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2.changes import catalogue_of_changes, edits, proving
from pytest_kerasch2.changes.catalogue_of_changes import ALL, matches
from pytest_kerasch2.changes.known_change import Effect, KnownChange
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.model import KnownIssue
from pytest_kerasch2.claims.release import Release, ReleaseWithNumPy

HEAD = "import tensorflow as tf\nfrom tensorflow import keras\nimport tensorflow.keras.layers as L\n"
NEWEST = ReleaseWithNumPy("2.21.0", "3.15.1", "tensorflow", "2.4.6")
BY_NAME = {one.name: one for one in ALL}


def rewritten(code: str, release: Release = NEWEST) -> str:
    """Return code as all rewrites make it, whether they are proven or not."""
    view = SourceView(HEAD + code)
    done = [
        edit for one in ALL if one.find and one.effect_on(release) for hits in one.find(view) for edit in hits.edits
    ]
    return view.with_edits(done)[len(HEAD) :]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("keras.optimizers.Adam(lr=1e-3)", "keras.optimizers.Adam(learning_rate=1e-3)"),
        ("keras.optimizers.SGD(lr = 0.1, momentum=0.9)", "keras.optimizers.SGD(learning_rate = 0.1, momentum=0.9)"),
        ("keras.optimizers.legacy.Adam(lr=1)", "keras.optimizers.legacy.Adam(lr=1)"),
        ("Adam(lr=1)", "Adam(lr=1)"),
        ("keras.optimizers.SGD(1)", "keras.optimizers.SGD(1.0)"),
        ("keras.optimizers.SGD(lr=2, momentum=1)", "keras.optimizers.SGD(learning_rate=2.0, momentum=1)"),
        ("from keras.optimizers import Adam\nAdam(lr=.1)", "from keras.optimizers import Adam\nAdam(learning_rate=.1)"),
        (
            "keras.optimizers.SGD(lr=0.1, decay=1e-6)",
            "keras.optimizers.SGD(learning_rate=keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 1e-6))",
        ),
        (
            "keras.optimizers.Adam(decay=1e-6)",
            "keras.optimizers.Adam(learning_rate=keras.optimizers.schedules.InverseTimeDecay(0.001, 1, 1e-6))",
        ),
        ("model.save('m.h5')", "model.save('m.h5')"),
        ("model.save('m')", "model.save('m.keras')"),
        ("model.save('m/')  # here", "model.save('m.keras')  # here"),
        ("figure.save('m')", "figure.save('m')"),
        ("model.save('m', save_format='tf')", "model.save('m.keras')"),
        ("model.save_weights('w')", "model.save_weights('w.weights.h5')"),
        ("model.load_weights('w.h5')", "model.load_weights('w.h5')"),
        ("model.save_weights('w.h5')\nmodel.load_weights('w.h5')",
         "model.save_weights('w.weights.h5')\nmodel.load_weights('w.weights.h5')"),
        ("p = 'cp/a.ckpt'\nmodel.save_weights(p)",
         "p = 'cp/a.weights.h5'\ntf.io.gfile.makedirs('cp')\nmodel.save_weights(p)"),
        ("p = 'a'\np = 'b'\nmodel.save_weights(p)", "p = 'a'\np = 'b.weights.h5'\nmodel.save_weights(p)"),
        ("keras.callbacks.ModelCheckpoint('a.h5', save_weights_only=True)",
         "keras.callbacks.ModelCheckpoint('a.weights.h5', save_weights_only=True)"),
        ("keras.callbacks.ModelCheckpoint(filepath='{epoch}.hdf5')",
         "keras.callbacks.ModelCheckpoint(filepath='{epoch}.keras')"),
        ("model.fit_generator(g, 10)", "model.fit(g, steps_per_epoch=10)"),
        ("model.fit_generator(g, 10, 2, workers=4)", "model.fit(g, steps_per_epoch=10, epochs=2)"),
        ("model.evaluate_generator(g, 3, None, 10, 1)", "model.evaluate(g, steps=3, callbacks=None)"),
        ("model.predict_generator(generator=g, steps=3)", "model.predict(x=g, steps=3)"),
        ("model.fit_generator(g, workers=4)", "model.fit(g)"),
        ("model.fit(x, y, workers=4, epochs=2)", "model.fit(x, y, epochs=2)"),
        ("pool.map(f, workers=4)", "pool.map(f, workers=4)"),
        ("model.predict_proba(x)", "model.predict(x)"),
        ("forest.predict_proba(x)", "forest.predict_proba(x)"),
        ("from keras.layers.core import Dense, Dropout", "from keras.layers import Dense, Dropout"),
        ("from tensorflow.keras.layers.core import Dense", "from tensorflow.keras.layers import Dense"),
        ("from keras.utils.np_utils import to_categorical", "from keras.utils import to_categorical"),
        ("from tensorflow.keras.utils import np_utils", "from tensorflow.keras import utils as np_utils"),
        ("L.experimental.preprocessing.Rescaling(1)", "L.Rescaling(1)"),
        ("from keras.layers.experimental import preprocessing", "from keras import layers as preprocessing"),
        ("tf.keras.losses.mean_squared_error(a, b)", "tf.keras.losses.MSE(a, b)"),
        ("import keras as k\nk.losses.mean_squared_error(a)", "import keras as k\nk.losses.mean_squared_error(a)"),
        ("self.add_weight('kernel', shape=s)", "self.add_weight(name='kernel', shape=s)"),
        ("self.add_weight('kernel', s)", "self.add_weight(name='kernel', shape=s)"),
        ("self.add_weight(shape=s)", "self.add_weight(shape=s)"),
        ("m = keras.metrics.Mean()\nm.reset_states()", "m = keras.metrics.Mean()\nm.reset_state()"),
        ("model.reset_states()",
         '[layer.reset_states() for layer in model.layers if hasattr(layer, "reset_states")]'),
        ("thing.reset_states()", "thing.reset_states()"),
        ("L.Embedding(10, 3, input_length=5)", "L.Embedding(10, 3, input_length=5)"),
        ("tf.random.set_seed(1)", "tf.keras.utils.set_random_seed(1)"),
        ("np.random.set_seed(1)", "np.random.set_seed(1)"),
        ("model.optimizer.lr", "model.optimizer.learning_rate"),
        ("config.lr", "config.lr"),
        ("history.history['lr']", "history.history['learning_rate']"),
        ("keras.callbacks.ModelCheckpoint('a.h5')", "keras.callbacks.ModelCheckpoint('a.h5')"),
        ("layer.add_variable('k', s)", "layer.add_variable('k', s)"),
        ("layer.add_variable(name='k', shape=s)", "layer.add_weight(name='k', shape=s)"),
        ("from keras import backend as K\nK.constant(1)", "from tensorflow.keras import backend as K\nK.constant(1)"),
        ("from keras import backend as K\nK.floatx()", "from keras import backend as K\nK.floatx()"),
        ("model.save('m.h5', save_format='h5')", "model.save('m.h5', save_format='h5')"),
    ],
)  # fmt: skip
def test_what_a_rewrite_makes(before: str, after: str) -> None:
    assert rewritten(before) == after


IMPORTS = "import os\nimport numpy as np\nfrom pathlib import Path\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model.save_weights(f'cp-{epoch}.ckpt')\nmodel.load_weights(f'cp-{3}.ckpt')",
         "model.save_weights(f'cp-{epoch}.weights.h5')\nmodel.load_weights(f'cp-{3}.weights.h5')"),
        ("model.save_weights('cp-{}.ckpt'.format(3))", "model.save_weights('cp-{}.weights.h5'.format(3))"),
        ("model.save_weights('cp-%d.ckpt' % 3)", "model.save_weights('cp-%d.weights.h5' % 3)"),
        ("model.save_weights(base + '.ckpt')", "model.save_weights(base + '.weights.h5')"),
        ("model.save_weights(os.path.join(d, 'w'))\nmodel.load_weights(os.path.join(d, 'w'))",
         "model.save_weights(os.path.join(d, 'w.weights.h5'))\nmodel.load_weights(os.path.join(d, 'w.weights.h5'))"),
        ("model.save(Path(d) / 'm')", "model.save(Path(d) / 'm.keras')"),
        ("p = 'a.ckpt'\nq = p\nmodel.save_weights(p)\nmodel.load_weights(q)",
         "p = 'a.weights.h5'\nq = p\nmodel.save_weights(p)\nmodel.load_weights(q)"),
        ("p = 'a.ckpt'\nmodel.save_weights(p)\nmodel.load_weights('a.ckpt')",
         "p = 'a.weights.h5'\nmodel.save_weights(p)\nmodel.load_weights('a.weights.h5')"),
        ("p = 'a-{epoch:02d}.ckpt'\nkeras.callbacks.ModelCheckpoint(p, save_weights_only=True)\n"
         "model.load_weights(p.format(epoch=3))",
         "p = 'a-{epoch:02d}.weights.h5'\nkeras.callbacks.ModelCheckpoint(p, save_weights_only=True)\n"
         "model.load_weights(p.format(epoch=3))"),
        ("p = 'a'\nmodel.save(p)\nprint(p, os.path.getsize(p))",
         "p = 'a.keras'\nmodel.save(p)\nprint(p, os.path.getsize(p))"),
        ("name = 'w'\nmodel.save_weights(os.path.join('a', name))\nmodel.save(os.path.join('b', name))",
         "name = 'w'\nmodel.save_weights(os.path.join('a', name))\nmodel.save(os.path.join('b', name))"),
        ("def f():\n    p = 'a'\n    model.save_weights(p)\ndef g():\n    p = 'b'\n    open(p)",
         "def f():\n    p = 'a.weights.h5'\n    model.save_weights(p)\ndef g():\n    p = 'b'\n    open(p)"),
        ("model.save('d/m')", "tf.io.gfile.makedirs('d')\nmodel.save('d/m.keras')"),
        ("model.save('d/m.h5')", "model.save('d/m.h5')"),
        ("os.makedirs('d')\nmodel.save('d/m')", "os.makedirs('d')\nmodel.save('d/m.keras')"),
    ],
)  # fmt: skip
def test_a_file_name_is_followed_to_where_it_is_written(before: str, after: str) -> None:
    assert rewritten(IMPORTS + before)[len(IMPORTS) :] == after


# What must stay as it is: a rewrite would run and mean something else, or mend nothing.
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "p = 'one'\nmodel.save_weights(p)\np = 'two'\nmodel.save_weights(p)\nmodel.load_weights(p)",
            "p = 'one.weights.h5'\nmodel.save_weights(p)\np = 'two.weights.h5'\nmodel.save_weights(p)\n"
            "model.load_weights(p)",
        ),
        # What becomes of the second name is not known, and that is no matter for the first.
        (
            "p = 'one'\nmodel.save_weights(p)\np = 'two'\nmodel.save_weights(p)\nshutil.move(p, 'three')",
            "p = 'one.weights.h5'\nmodel.save_weights(p)\np = 'two'\nmodel.save_weights(p)\nshutil.move(p, 'three')",
        ),
        # Which of the two a function or a loop meets is decided when it runs.
        *[
            (code, code)
            for code in (
                "p = 'one'\ndef save():\n    model.save_weights(p)\np = 'two'",
                "p = 'one'\nif late:\n    p = 'two'\nmodel.save_weights(p)",
                "for _ in range(2):\n    p = 'one'\n    model.save_weights(p)\n    p = 'two'",
                "p = 'one'\nfor _ in range(2):\n    model.save_weights(p)\n    p = 'two'",
                "p = 'one'\ndef f():\n    model.save_weights(p)\np = 'two'\nf()",
                "p = 'one'\ndef f():\n    open(p)\nmodel.save_weights(p)\np = 'two'",
                "p = 'one'\ndef f():\n    global p\n    p = 'two'\nmodel.save_weights(p)",
                "p = 'one'\np, q = 'two', 'three'\nmodel.save_weights(p)",
                "p = 'one'\np = p + end\nmodel.save_weights(p)",
            )
        ],
    ],
)
def test_a_name_that_is_given_several_values_in_turn(before: str, after: str) -> None:
    assert rewritten(before) == after


def test_models_and_weights_that_are_saved_under_one_name_by_turns() -> None:
    before = (
        "model.save_weights('m.h5')\nmodel.load_weights('m.h5')\nmodel.save('m.h5')\nkeras.models.load_model('m.h5')"
    )

    after = rewritten(before)

    assert after.split("\n") == [
        "model.save_weights('m.weights.h5')",
        "model.load_weights('m.weights.h5')",
        "model.save('m.h5')",
        "keras.models.load_model('m.h5')",
    ]


def test_a_name_that_is_given_to_weights_and_then_to_a_model() -> None:
    before = "p = 'a.ckpt'\nmodel.save_weights(p)\nmodel.load_weights(p)\np = 'b'\nmodel.save(p)\nprint(p)"

    assert rewritten(before) == (
        "p = 'a.weights.h5'\nmodel.save_weights(p)\nmodel.load_weights(p)\np = 'b.keras'\nmodel.save(p)\nprint(p)"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model.save_weights('w.h5')\nmodel.save_weights('w')",
         "model.save_weights('w_h5.weights.h5')\nmodel.save_weights('w.weights.h5')"),
        ("model.save_weights('w.ckpt')\nmodel.save_weights('w.weights.h5')",
         "model.save_weights('w_ckpt.weights.h5')\nmodel.save_weights('w.weights.h5')"),
        ("model.save_weights('w.h5')\nmodel.save_weights('w.ckpt')\nmodel.load_weights('w.h5')",
         "model.save_weights('w_h5.weights.h5')\nmodel.save_weights('w_ckpt.weights.h5')\n"
         "model.load_weights('w_h5.weights.h5')"),
        ("model.save('m')\nmodel.save('m.keras')", "model.save('m')\nmodel.save('m.keras')"),
    ],
)  # fmt: skip
def test_two_files_never_get_one_name(before: str, after: str) -> None:
    assert rewritten(before) == after


def test_a_folder_is_made_below_the_comments_of_a_statement() -> None:
    # A document's blocks are put together below comments, and part there again.
    assert rewritten("# here\nmodel.save_weights('w/one')") == (
        "# here\ntf.io.gfile.makedirs('w')\nmodel.save_weights('w/one.weights.h5')"
    )


OWN = "class Own(keras.Model):\n    def train_step(self, data):\n        "


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c = keras.callbacks.ModelCheckpoint('a.keras', period=5, verbose=1)\n"
         "model.fit(x, y, batch_size=64, callbacks=[c])",
         "c = keras.callbacks.ModelCheckpoint('a.keras', verbose=1, save_freq=5 * -(-len(x) // 64))\n"
         "model.fit(x, y, batch_size=64, callbacks=[c])"),
        ("keras.callbacks.ModelCheckpoint('a.keras', period=1)", "keras.callbacks.ModelCheckpoint('a.keras')"),
        ("p = 'm/{}'.format(3)\ntf.keras.experimental.export_saved_model(model, p)\n"
         "m = tf.keras.experimental.load_from_saved_model(p)",
         "p = 'm/{}.keras'.format(3)\ntf.io.gfile.makedirs('m')\ntf.keras.models.save_model(model, p)\n"
         "m = tf.keras.models.load_model(p)"),
        ("t = model.to_yaml()\nkeras.models.model_from_yaml(t)",
         "t = model.to_json()\nkeras.models.model_from_json(t)"),
        (f"{OWN}loss = self.compiled_loss(y, p, None, regularization_losses=self.losses)",
         f"{OWN}loss = self.compute_loss(y=y, y_pred=p, sample_weight=None)"),
        (f"{OWN}loss = self.compiled_loss(y, p)\n        self.compiled_metrics.update_state(y, p)",
         f"{OWN}loss = self.compute_loss(y=y, y_pred=p)\n        [metric.update_state(loss) if metric.name == "
         '"loss" else metric.update_state(y, p) for metric in self.metrics]'),
        ("class A(L.Layer):\n    def build(self, s):\n        self.w = tf.Variable(tf.ones((2,)), trainable=False)",
         "class A(L.Layer):\n    def build(self, s):\n"
         "        self.w = tf.keras.Variable(tf.ones((2,)), trainable=False)"),
        ("class A(L.Layer):\n    def call(self, x):\n        w = tf.Variable(tf.ones((2,)))",
         "class A(L.Layer):\n    def call(self, x):\n        w = tf.Variable(tf.ones((2,)))"),
        ("class A:\n    def __init__(self):\n        self.w = tf.Variable(tf.ones((2,)))",
         "class A:\n    def __init__(self):\n        self.w = tf.Variable(tf.ones((2,)))"),
        ("from tensorflow.keras import *\noptimizers.Adam(lr=.1)",
         "from tensorflow.keras import *\noptimizers.Adam(learning_rate=.1)"),
        ("keras.Sequential([L.LSTM(2, batch_input_shape=[2, None, 3]), L.Dense(1)])",
         "keras.Sequential([tf.keras.Input(batch_shape=[2, None, 3]), L.LSTM(2), L.Dense(1)])"),
        ("model.add(L.GRU(2, batch_input_shape=(2, 4, 3)))",
         "model.add(tf.keras.Input(batch_shape=(2, 4, 3)))\nmodel.add(L.GRU(2))"),
        ("model.add(L.Dense(1))\nmodel.add(L.GRU(2, batch_input_shape=(2, 4, 3)))",
         "model.add(L.Dense(1))\nmodel.add(L.GRU(2, batch_input_shape=(2, 4, 3)))"),
        ("model.add(L.Dense(1))\nmodel = keras.Sequential()\nmodel.add(L.GRU(2, batch_input_shape=(2, 4, 3)))",
         "model.add(L.Dense(1))\nmodel = keras.Sequential()\nmodel.add(tf.keras.Input(batch_shape=(2, 4, 3)))\n"
         "model.add(L.GRU(2))"),
        (f"{OWN}loss = self.compute_loss(y=y, y_pred=p)\n        self.compiled_metrics.update_state({{'a': y}}, p)",
         f"{OWN}loss = self.compute_loss(y=y, y_pred=p)\n        [metric.update_state(loss) if metric.name == "
         "\"loss\" else metric.update_state({'a': y}, p) for metric in self.metrics]"),
        ("keras.Sequential([L.Dense(1), L.GRU(2, batch_input_shape=(2, 4, 3))])",
         "keras.Sequential([L.Dense(1), L.GRU(2, batch_input_shape=(2, 4, 3))])"),
        ("y = keras.utils.to_categorical(y)\nmodel.fit(x, y)", "y = keras.utils.to_categorical(y)\nmodel.fit(x, y)"),
        ("y = keras.utils.to_categorical(y)\nprint(y.dtype)",
         'y = keras.utils.to_categorical(y).astype("float32")\nprint(y.dtype)'),
        ("from keras import backend as K\nK.set_value(model.optimizer.lr, model.optimizer.lr * 0.5)",
         "from keras import backend as K\nmodel.optimizer.learning_rate.assign(model.optimizer.learning_rate * 0.5)"),
        ("class A(keras.metrics.Metric):\n    def reset_states(self):\n        pass",
         "class A(keras.metrics.Metric):\n    def reset_state(self):\n        pass"),
        ("class A(Mine):\n    def reset_states(self):\n        pass",
         "class A(Mine):\n    def reset_states(self):\n        pass"),
        ("keras.callbacks.BaseLogger(stateful_metrics=['AUC'])", "keras.callbacks.Callback()"),
        ("from mine import *\noptimizers.Adam(lr=1)", "from mine import *\noptimizers.Adam(lr=1)"),
    ],
)  # fmt: skip
def test_what_the_rewrites_from_public_documents_make(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("keras.Sequential(L.Dense(1))", "keras.Sequential([L.Dense(1)])"),
        ("one = L.Dense(1)\nkeras.Sequential(one, name='m')", "one = L.Dense(1)\nkeras.Sequential([one], name='m')"),
        ("keras.Sequential([L.Dense(1)])", "keras.Sequential([L.Dense(1)])"),
        ("layers = [L.Dense(1)]\nkeras.Sequential(layers)", "layers = [L.Dense(1)]\nkeras.Sequential(layers)"),
    ],
)
def test_a_layer_in_the_place_of_a_list_of_layers(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    "code",
    [
        # Names of the document's own, and of other packages.
        "from keras.optimizers import Adam\ndef Adam(lr): return lr\nAdam(lr=1)",
        "from keras.optimizers import Adam\nclass Adam:\n    pass\nAdam(lr=1)",
        "class Adam(keras.optimizers.Adam):\n    pass\nAdam(lr=1)",
        "import torch.optim as optimizers\noptimizers.SGD(lr=0.1)",
        "from tensorflow_addons.optimizers import AdamW\nAdamW(lr=0.1)",
        "def f(keras):\n    return keras.optimizers.Adam(lr=1)",
        "def f(tf):\n    tf.random.set_seed(1)",
        "opt = parser.parse_args()\nopt.lr",
        "optimizer = torch.optim.SGD()\noptimizer.lr",
        "class Opt:\n    lr = 3\nopt = Opt()\nopt.lr",
        "self.optimizer.lr",
        "from gensim.models import Word2Vec\nmodel = Word2Vec(x)\nmodel.save('w2v')",
        "class Model:\n    pass\nmodel = Model()\nmodel.save('a')",
        "model.save('x.pt')",
        "class M:\n    def fit(self, workers): pass\nmodel = M()\nmodel.fit(workers=3)",
        "search.fit(x, y, workers=4)",
        "import wandb\nwandb.history['lr']",
        "self.history['lr']",
        "class Graph:\n    def f(self):\n        self.add_weight('a')",
        "import sklearn.svm\nmodel = sklearn.svm.SVC()\nmodel.predict_classes(x)",
        "acc = keras.metrics.Mean()\nacc = Other()\nacc.reset_states()",
        "class Embedding(keras.layers.Layer):\n    pass\nEmbedding(1, input_length=3)",
        "int = 3\nimport numpy as np\nnp.int",
        "s = \"keras.optimizers.Adam(lr=0.1) model.save('m')\"  # keras.optimizers.Adam(lr=0.1)",
        # Arguments by position, and ones that are not written there.
        "keras.optimizers.Adam(lr=1, learning_rate=2)",
        "keras.optimizers.Adam(0.1, lr=1)",
        "keras.optimizers.SGD(**settings)",
        "keras.optimizers.SGD(decay=0.1, **settings)",
        "keras.optimizers.Adadelta(decay=0.1)",
        "keras.optimizers.Nadam(0.1, decay=0.1)",
        "model.save('m', True, True, 'h5')",
        "model.save_weights('a', True, 'tf')",
        "model.save(*names)",
        "model.fit_generator(g, samples_per_epoch=10, nb_epoch=2)",
        "model.fit_generator(*everything)",
        "self.add_weight('a', (1,), tf.float32)",
        "self.add_weight('a', shape=(1,), name='b')",
        "model.compile('sgd', loss='mse', metrics=['mae'])",
        "model.compile('sgd', loss=['mse', 'mae'], metrics=[['mae'], ['mse']])",
        "net(x, True)",
        # Files that something else uses too, or that two things are written to.
        "model.save_weights('a')\nopen('a.index')",
        "model.save('m')\ntf.saved_model.load('m')",
        "model.save('m')\ntf.lite.TFLiteConverter.from_saved_model('m')",
        "p = 'm'\nmodel.save(p)\ntf.saved_model.load(p)",
        "p = 'a.ckpt'\ntf.train.Checkpoint(model=model).save(p)\nmodel.save_weights(p)",
        "p = 'data'\nopen(p)\nmodel.save_weights(p)",
        "model.save('a')\nmodel.save_weights('a')",
        "keras.callbacks.ModelCheckpoint('a', save_weights_only=True)\nmodel.save('a')",
        "keras.callbacks.ModelCheckpoint('a.ckpt', save_weights_only=only)",
        "p = 'a'\np += 'b'\nmodel.save_weights(p)",
        "for p in ['a', 'b']:\n    model.save_weights(p)",
        "def f(path='m'):\n    model.save(path)",
        "model.load_weights('pretrained/vgg.ckpt')",
        "model.save('m', save_format='h5')",
        # Numbers that NumPy and Python draw.
        "import numpy as np\ntf.random.set_seed(1)\nnp.random.rand(3)",
        "import numpy as np\nnp.random.seed(1)\ntf.random.set_seed(2)\nnp.random.rand(3)",
        "import random\ntf.random.set_seed(1)\nrandom.random()",
        "from numpy.random import rand\ntf.random.set_seed(1)",
        # Keys and names that the document makes itself, and modules with more than layers.
        "class C(keras.callbacks.Callback):\n    def f(self, logs):\n        logs['lr'] = 3\nh.history['lr']",
        "from keras.layers.core import *",
        "from keras.layers.core import Lambda, K",
        "from keras.layers.merge import _Merge",
        "from keras.layers.local import LocallyConnected1D",
        "from keras import backend as K\nK.constant(1)\nK.set_value(a, b)",
        "from keras.engine.topology import Layer, Node",
        "from tensorflow.python.keras.utils import _private",
        "from keras.preprocessing.image import *",
        "m = keras.layers.Bidirectional(l)\nmodel.reset_states()",
        "model.output_shape",
        "weights.shape.as_list()",
    ],
)  # fmt: skip
def test_what_is_not_known_to_mean_the_same_is_left(code: str) -> None:
    assert rewritten(code) == code


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tf.optimizers.SGD(lr=0.1)", "tf.optimizers.SGD(learning_rate=0.1)"),
        ("keras.optimizers.SGD(lr=0.1, decay=0)", "keras.optimizers.SGD(learning_rate=0.1)"),
        ("from keras.optimizers import SGD\nSGD(0.1, decay=0.5)", "from keras.optimizers import SGD\n"
         "SGD(tf.keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5))"),
        ("K = keras.backend\nK.set_value(model.optimizer.lr, 0.1)",
         "K = keras.backend\nmodel.optimizer.learning_rate.assign(0.1)"),
        ("K = keras.backend\nK.get_value(model.optimizer.learning_rate)",
         "K = keras.backend\nmodel.optimizer.learning_rate.numpy()"),
        ("model.optimizer.lr = 3", "model.optimizer.learning_rate = 3"),
        ("from keras.utils import np_utils, plot_model",
         "from keras.utils import plot_model; from keras import utils as np_utils"),
        ("from tensorflow.keras.losses import mean_squared_error", "from tensorflow.keras.losses import MSE as "
         "mean_squared_error"),
        ("import keras.backend as K\nK.sum(x)", "import tensorflow.keras.backend as K\nK.sum(x)"),
        ("from keras import backend as K, layers\nK.sum(x)",
         "from keras import layers; from tensorflow.keras import backend as K\nK.sum(x)"),
        ("from keras.layers.normalization import BatchNormalization", "from keras.layers import BatchNormalization"),
        ("import numpy as np\nnp.random.seed(1)\ntf.random.set_seed(1)\nnp.random.rand(3)",
         "import numpy as np\nnp.random.seed(1)\ntf.keras.utils.set_random_seed(1)\nnp.random.rand(3)"),
        ("from tensorflow.random import set_seed\nset_seed(3)",
         "from tensorflow.random import set_seed\ntf.keras.utils.set_random_seed(3)"),
        ("model.load_weights('a.h5').expect_partial()", "model.load_weights('a.h5')"),
        ("keras.utils.to_categorical(y, 3).dtype", 'keras.utils.to_categorical(y, 3).astype("float32").dtype'),
        ("keras.utils.to_categorical(y, num_classes=3, dtype='int8')",
         "keras.utils.to_categorical(y, num_classes=3).astype('int8')"),
        ("model.compile('sgd', loss='mse', loss_weights=[1, 2], metrics=['mae'])",
         "model.compile('sgd', loss=['mse'] * 2, loss_weights=[1, 2], metrics=[['mae']] * 2)"),
        ("for layer in model.layers:\n    print(layer.output_shape)",
         "for layer in model.layers:\n    print(layer.output.shape)"),
        ("x = keras.Input(shape=(3))\nx.shape.as_list()", "x = keras.Input(shape=(3,))\nlist(x.shape)"),
        ("model = keras.Sequential()\nmodel(x, True)", "model = keras.Sequential()\nmodel(x, training=True)"),
        ("keras.losses.MeanSquaredError(reduction='auto')",
         "keras.losses.MeanSquaredError(reduction='sum_over_batch_size')"),
        ("from keras.preprocessing.text import Tokenizer",
         "from tensorflow.keras.preprocessing.text import Tokenizer"),
        ("from keras_preprocessing import image", "from tensorflow.keras.preprocessing import image"),
        ("from tensorflow.python.keras.layers import Dense", "from tensorflow.keras.layers import Dense"),
        ("from keras.engine.topology import Layer", "from keras.layers import Layer"),
        ("from tensorflow.keras.engine.training import Model", "from tensorflow.keras.models import Model"),
        ("from keras.utils.vis_utils import plot_model", "from keras.utils import plot_model"),
        ("strategy.experimental_run_v2(f)", "strategy.run(f)"),
        ("keras.mixed_precision.experimental.set_policy('a')", "keras.mixed_precision.set_global_policy('a')"),
    ],
)  # fmt: skip
def test_what_further_rewrites_make(before: str, after: str) -> None:
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("numpy", "before", "after"),
    [
        ("1.23.5", "np.int(np.Inf), np.bool", "np.int(np.Inf), np.bool"),
        ("1.26.4", "np.int(np.Inf), np.bool", "int(np.Inf), bool"),
        ("2.0.2", "np.int(np.Inf), np.bool", "int(np.inf), np.bool"),
        ("-", "np.int(np.Inf), np.bool", "np.int(np.Inf), np.bool"),
    ],
)
def test_names_of_numpy_by_its_own_release(numpy: str, before: str, after: str) -> None:
    release = ReleaseWithNumPy("2.21.0", "3.15.1", "tensorflow", numpy)

    assert rewritten(f"import numpy as np\n{before}", release) == f"import numpy as np\n{after}"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("history.history['acc']", "metric-called-acc"),
        ("keras.callbacks.EarlyStopping(monitor='val_acc')", "early-stopping-on-acc"),
        ("keras.callbacks.ReduceLROnPlateau(monitor='val_acc')", "monitor-called-acc"),
        (
            "i = keras.initializers.GlorotUniform()\n"
            "L.Dense(1, kernel_initializer=i)\nL.Dense(2, kernel_initializer=i)",
            "shared-initializer",
        ),
        ("for weight in model.weights:\n    print(weight.name)", "names-of-weights"),
        ("tf.train.AdamOptimizer(0.1)", "tensorflow-1-name"),
        ("from tensorflow.examples.tutorials.mnist import input_data", "tensorflow-1-name"),
        ("from keras.models import model_from_yaml\nmodel_from_yaml(text)", "yaml-of-models"),
        ("from keras.callbacks import BaseLogger\nBaseLogger()", "base-logger"),
        ("class A(L.Layer):\n    def build(self, s):\n        self.n = tf.Variable(3)", "variable-of-tensorflow"),
        ("class A(keras.Model):\n    def f(self, a, b):\n        self.compiled_metrics.update_state(a, b)",
         "compiled-metrics"),
        ("tf.keras.experimental.export_saved_model(model, path)", "export-saved-model"),
        ("model.save_weights('a/b')\nmodel.load_weights(tf.train.latest_checkpoint('a'))", "latest-checkpoint"),
        ("keras.optimizers.Adam(1, epsilon=None)", "optimizer-epsilon-none"),
        ("keras.optimizers.legacy.SGD(0.1)", "legacy-optimizer"),
        ("tf.keras.Adam()", "misplaced-name"),
        ("tf.layers.dense", "misplaced-name"),
        ("L.Dense(1, batch_input_shape=(1, 2))", "batch-input-shape"),
        ("model.metrics_names", "metrics-names"),
        ("tf.estimator.DNNClassifier([])", "estimator"),
        ("L.DenseFeatures(c)", "feature-columns-in-keras"),
        ("from keras.wrappers.scikit_learn import KerasClassifier", "scikit-learn-wrapper"),
        ("from keras import backend as K\nK.function([], [])", "backend-functions"),
        ("import tensorflow_hub as hub\nhub.KerasLayer(u)", "hub-layer"),
        ("keras.callbacks.ModelCheckpoint('a.keras', period=2)", "checkpoint-period"),
        ("c = keras.callbacks.ModelCheckpoint('a.keras', period=2)\n"
         "model.fit(x, y, validation_split=0.1, callbacks=[c])", "checkpoint-period"),
        ("c = keras.callbacks.ModelCheckpoint('a.keras', period=2)\nmodel.fit(data, callbacks=[c])",
         "checkpoint-period"),
    ],
)  # fmt: skip
def test_what_is_told_without_a_rewrite(code: str, name: str) -> None:
    (hits,) = (one for one in matches(SourceView(HEAD + code), NEWEST) if one.change.name == name)

    assert not hits.rewritten


@pytest.mark.parametrize(
    ("name", "release", "kind"),
    [
        ("optimizer-lr", Release("2.10.1", "2.10.0", "tensorflow"), None),
        ("optimizer-lr", Release("2.11.0", "2.11.0", "tensorflow"), "silent"),
        ("optimizer-lr", Release("2.15.1", "2.15.0", "tensorflow"), "silent"),
        ("optimizer-lr", NEWEST, "raises"),
        ("optimizer-lr", Release("2.21.0", "2.21.0", "tensorflow"), None),
        ("optimizer-decay", Release("2.15.1", "2.15.0", "tensorflow"), "raises"),
        ("optimizer-decay", Release("-", "3.15.1", "jax"), "silent"),
        ("keras-version", Release("2.12.1", "2.12.0", "tensorflow"), None),
        ("keras-version", Release("2.15.1", "2.15.0", "tensorflow"), "raises"),
        ("keras-version", NEWEST, None),
        ("checkpoint-h5", Release("2.16.2", "3.0.5", "tensorflow"), "raises"),
        ("checkpoint-h5", Release("2.18.1", "3.7.0", "tensorflow"), "raises"),
        ("checkpoint-h5", Release("2.18.1", "3.8.0", "tensorflow"), None),
        ("monitor-called-acc", Release("2.20.0", "3.10.0", "tensorflow"), "silent"),
        ("monitor-called-acc", Release("2.20.0", "3.11.3", "tensorflow"), "raises"),
        ("loss-functions", Release("2.16.2", "3.0.5", "tensorflow"), None),
        ("moved-layers", Release("2.9.3", "2.9.0", "tensorflow"), None),
        ("moved-layers-before-2-9", Release("2.9.3", "2.9.0", "tensorflow"), "raises"),
        ("checkpoint-h5", NEWEST, None),
        ("embedding-input-length", Release("2.16.2", "3.0.5", "tensorflow"), "raises"),
        ("embedding-input-length", NEWEST, "warns"),
        ("monitor-called-acc", Release("2.15.1", "2.15.0", "tensorflow"), "silent"),
        ("monitor-called-acc", Release("2.16.2", "3.0.5", "tensorflow"), "silent"),
        ("monitor-called-acc", NEWEST, "raises"),
        ("early-stopping-on-acc", Release("2.16.2", "3.0.5", "tensorflow"), "raises"),
        ("seed-of-initial-weights", Release("2.9.3", "2.9.0", "tensorflow"), None),
        ("yaml-of-models", Release("2.2.3", "2.3.0-tf", "tensorflow"), None),
        ("yaml-of-models", Release("2.3.4", "2.4.0", "tensorflow"), "raises"),
        ("yaml-of-models", Release("2.4.1", "2.4.0", "tensorflow"), None),
        ("yaml-of-models", NEWEST, "raises"),
        ("base-logger", Release("2.1.4", "2.2.4-tf", "tensorflow"), None),
        ("base-logger", Release("2.2.3", "2.3.0-tf", "tensorflow"), "raises"),
        ("base-logger", NEWEST, "raises"),
        ("export-saved-model", Release("2.0.4", "2.2.4-tf", "tensorflow"), None),
        ("seed-of-initial-weights", Release("2.10.1", "2.10.0", "tensorflow"), "silent"),
    ],
)
def test_effect_by_release(name: str, release: Release, kind: str | None) -> None:
    effect = BY_NAME[name].effect_on(release)

    assert (None if effect is None else effect.kind) == kind


def test_names_are_unique_and_every_change_says_what_to_write() -> None:
    assert len(BY_NAME) == len(ALL)
    assert [one.name for one in ALL if not one.instead.endswith(".") or not one.effects] == []


@pytest.mark.parametrize("change", [one for one in ALL if one.proof], ids=lambda change: change.name)
def test_the_rewrite_of_a_proof_changes_its_lines_alone(change: KnownChange) -> None:
    assert change.proof is not None
    assert proving.rewritten(change) not in ("", change.proof.before)


@pytest.mark.parametrize("seed", ["0", "1", "2", "3"])
def test_of_several_imports_of_a_name_the_last_above_counts(seed: str) -> None:
    """Whatever the order of sets is in a process."""
    code = (
        "from keras import backend as K\nK.constant(1)\n"
        "from tensorflow.keras import backend as K\nK.constant(2)\ndef f():\n    return K.constant(3)\n"
    )
    script = (
        "from pytest_kerasch2.changes.source_view import SourceView;"
        f"view = SourceView({code!r}); print([view.name(one.func) for one in view.calls])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
    )

    tensorflow = "tensorflow.keras.backend.constant"
    assert done.stdout.decode().strip() == str(["keras.backend.constant", tensorflow, tensorflow])


def test_a_change_that_nothing_proves_has_no_rewrite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_of_changes, "proven", dict)

    (hits,) = matches(SourceView(f"{HEAD}keras.optimizers.SGD(lr=0.1)"), NEWEST)

    assert (hits.change.name, hits.rewritten) == ("optimizer-lr", False)


@pytest.mark.parametrize("key", ["before", "given", "observe"])
def test_a_proof_of_other_code_is_none(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    change = BY_NAME["optimizer-lr"]
    assert change.proof is not None
    record: dict[str, Any] = {**vars(change.proof), "equal": True}
    monkeypatch.setattr(catalogue_of_changes, "proven", lambda: {change.name: record})
    assert catalogue_of_changes.is_proven(change)

    record[key] = "other"

    assert not catalogue_of_changes.is_proven(change)


def test_a_proof_that_was_not_equal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    change = BY_NAME["optimizer-lr"]
    assert change.proof is not None
    monkeypatch.setattr(catalogue_of_changes, "proven", lambda: {change.name: {**vars(change.proof), "equal": False}})

    assert not catalogue_of_changes.is_proven(change)


def test_the_records_of_proofs_are_of_the_rewrites_as_they_are() -> None:
    for name, record in catalogue_of_changes.proven().items():
        assert record["after"] == proving.rewritten(BY_NAME[name]), name


def test_a_rewrite_that_does_nothing_is_refused() -> None:
    change = BY_NAME["optimizer-lr"]
    assert change.proof is not None

    with pytest.raises(ValueError, match="changes nothing"):
        proving.rewritten(replace(change, proof=replace(change.proof, before="x = 1")))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-7], True),
        ([1.0], [1.001], False),
        ([1.0], [1.0, 2.0], False),
        ([0.0], [1e-7], True),
        ("a", "a", True),
        (True, False, False),
        ([1.0], ["a"], False),
        (float("nan"), float("nan"), False),
    ],
)
def test_equality_of_results(first: Any, second: Any, same: bool) -> None:
    assert proving.equal(first, second) == same


def test_snippets_are_executed_each_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    hits = proving.execute(
        {"one": "print(3)\nopen('here', 'w').close()\nresult = [1]", "two": "result = one", "three": "open('here')"}
    )

    assert hits["one"] == {"result": [1]}
    assert hits["two"]["error"].startswith("NameError")
    assert hits["three"]["error"].startswith("FileNotFoundError")
    assert capsys.readouterr().out == ""
    assert json.dumps(hits)


def test_an_effect_and_its_symptom_are_checked() -> None:
    with pytest.raises(ValueError, match="raises, silent, warns"):
        Effect(KnownIssue(cause="c", source="https://x", symptom="s"), kind="hurts")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("ValueError: Argument(s) not recognized: {'lr': 0.1}", "optimizer-lr"),
        ("AttributeError: 'Sequential' object has no attribute 'fit_generator'", "fit-generator"),
        ("KeyError: 'acc'", "metric-called-acc"),
        ("KeyError: 'val_mean_absolute_error'", "metric-called-otherwise"),
        ("KeyError: 'name'", None),
        ("AttributeError: module 'keras.callbacks' has no attribute 'BaseLogger'", "base-logger"),
        (
            "NotImplementedError: Layer A does not have a `compute_output_shape` method implemented. Should implement",
            "output-shape-of-own-layer",
        ),
        (
            "NotImplementedError: Layer A should implement `def compute_output_shape(self, input_shape)`.",
            "output-shape-of-own-layer",
        ),
        ("ValueError: You are saving a model that has not yet been built. Try", "model-without-weights-is-saved"),
        (
            "ValueError: Dimensions must be equal, but are 64 and 10 for '{{node compile_loss/bl/sub}} = "
            "Sub[T=DT_FLOAT](data_1, dense_1/BiasAdd)' with input shapes: [64], [64,10].",
            "targets-not-expanded",
        ),
        (
            "InvalidArgumentError: Graph execution error:\n\nIncompatible shapes: [64] vs. [64,10]\n\t [[{{node "
            "compile_loss/basic_loss_function/sub}}]]",
            "targets-not-expanded",
        ),
        (
            "ValueError: You are loading weights into a model that has not yet been built. Try",
            "model-without-weights-is-saved",
        ),
        (
            "ValueError: Dimensions must be equal, but are 3 and 2 for '{{node compile_loss/bl/sub}} = "
            "Sub[T=DT_FLOAT](data_1, dense_1/BiasAdd)' with input shapes: [64,3], [64,2].",
            None,
        ),
        ("AttributeError: 'Sequential' object has no attribute 'predict_classes'", "predict-classes"),
        ("ValueError: Unrecognized data type: x=[1.0]", "lists-as-data"),
        ("ValueError: This optimizer can only be called for the variables it was", "optimizer-of-two-models"),
        ("AttributeError: module 'tensorflow.keras' has no attribute 'Adam'", "misplaced-name"),
        ("ValueError: A KerasTensor cannot be used as input to a TensorFlow function.", "tensorflow-on-keras-tensor"),
        # As the releases say it: Keras 3.0.5 and 3.15.1 where they differ.
        (
            "AttributeError: module 'tensorflow' has no attribute 'Session'. Did you mean: 'version'?",
            "tensorflow-1-name",
        ),
        ("AttributeError: module 'tensorflow._api.v2.train' has no attribute 'AdamOptimizer'", "tensorflow-1-name"),
        ("AttributeError: module 'numpy' has no attribute 'int'. `np.int` was a deprecated", "numpy-builtin-alias"),
        ("AttributeError: `np.Inf` was removed in the NumPy 2.0 release. Use `np.inf` instead.", "numpy-2-name"),
        ("AttributeError: 'Sequential' object has no attribute 'reset_states'", "reset-states-of-model"),
        ("AttributeError: 'Mean' object has no attribute 'reset_states'", "reset-states-of-metric"),
        ("AttributeError: 'Dense' object has no attribute 'output_shape'", "layer-output-shape"),
        (
            "AttributeError: 'Dense' object has no attribute 'input_shape'. Did you mean: 'input_dtype'?",
            "layer-output-shape",
        ),
        ("AttributeError: 'tuple' object has no attribute 'as_list'", "shape-as-list"),
        (
            "AttributeError: 'KerasTensor' object has no attribute 'get_shape'. Did you mean: 'reshape'?",
            "shape-as-list",
        ),
        ("ValueError: Cannot convert '3' to a shape.", "input-shape-number"),
        (
            "ValueError: Cannot convert 't' to a shape. Found invalid dimension 't' of type '<class 'str'>'.",
            "add-weight-name",
        ),
        (
            "ValueError: Cannot convert '('t',)' to a shape. Found invalid entry 't' of type '<class 'str'>'.",
            "add-weight-name",
        ),
        ("ValueError: Could not interpret initializer identifier: (2, 3)", "add-variable"),
        ("ValueError: Only input tensors may be passed as positional arguments. The following", "training-by-position"),
        ("ValueError: Unrecognized keyword arguments passed to Dense: {'dynamic': True}", "insides-of-layers"),
        ("NotImplementedError: Layer `add_metric()` method is deprecated. Add your metric in", "add-metric"),
        ("TypeError: Layer.add_metric() got an unexpected keyword argument 'name'", "add-metric"),
        (
            "ValueError: Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda.",
            "lambda-layer-is-not-loaded",
        ),
        (
            "ValueError: The `{arg_name}` of this `Lambda` layer is a Python lambda. Deserializing it is unsafe.",
            "lambda-layer-is-not-loaded",
        ),
        (
            "ValueError: Invalid value for argument `reduction`. Expected one of {None, 'sum', 'none'}. Received: "
            "reduction=auto",
            "loss-reduction-auto",
        ),
        ("TypeError: TensorBoard.__init__() got an unexpected keyword argument 'write_grads'", "tensorboard-arguments"),
        (
            "ImportError: `keras.optimizers.legacy` is not supported in Keras 3. When using `tf.keras`",
            "legacy-optimizer",
        ),
        ("TypeError: to_categorical() got an unexpected keyword argument 'dtype'", "to-categorical-arguments"),
        (
            "ValueError: For a model with multiple outputs, when providing the `metrics` argument as a list, it should "
            "have as many entries as the model has outputs",
            "compile-by-output",
        ),
        ("ValueError: tuple arity mismatch; expected: 2, got: 1; tuple: ('mae',).", "compile-by-output"),
        (
            "ValueError: `loss_weights` must match the number of losses, got 1 losses and 2 weights.",
            "compile-by-output",
        ),
        ("AttributeError: 'Sequential' object has no attribute 'to_yaml'", "yaml-of-models"),
        ("ImportError: cannot import name 'model_from_yaml' from 'keras.models'", "yaml-of-models"),
        (
            "AttributeError: 'SGD' object has no attribute 'get_weights'. Did you mean: 'set_weights'?",
            "insides-of-optimizers",
        ),
        ("AttributeError: 'O' object has no attribute '_set_hyper'", "insides-of-optimizers"),
        ("ModuleNotFoundError: No module named 'keras.preprocessing.text'", "keras-preprocessing"),
        (
            "ImportError: cannot import name 'ImageDataGenerator' from 'keras.preprocessing.image'",
            "keras-preprocessing",
        ),
        ("ModuleNotFoundError: No module named 'keras_preprocessing'", "keras-preprocessing"),
        (
            "ValueError: Only instances of `keras.Layer` can be added to a Sequential model. Received: "
            "<tensorflow.python.keras.layers.core.Dense object",
            "private-keras",
        ),
        ("ModuleNotFoundError: No module named 'keras.engine'", "keras-engine"),
        ("ModuleNotFoundError: No module named 'keras.layers.core'", "moved-layers"),
        ("ModuleNotFoundError: No module named 'keras.layers.merge'", "moved-layers-before-2-9"),
        ("ModuleNotFoundError: No module named 'keras.layers.normalization'", "moved-normalization"),
        ("ModuleNotFoundError: No module named 'keras.utils.vis_utils'", "moved-utils"),
        (
            "AttributeError: module 'keras.mixed_precision' has no attribute 'experimental'",
            "mixed-precision-experimental",
        ),
        (
            "AttributeError: '_DefaultDistributionStrategy' object has no attribute 'experimental_run_v2'",
            "strategy-run",
        ),
        (
            "AttributeError: module 'keras._tf_keras.keras.layers' has no attribute 'experimental'",
            "experimental-preprocessing",
        ),
        ("AttributeError: module 'keras.backend' has no attribute 'square'", "backend-of-keras"),
        (
            "AttributeError: module 'keras._tf_keras.keras.backend' has no attribute 'learning_phase'",
            "backend-functions",
        ),
        # Of many things; only what is read can say that it is the rate.
        ("AttributeError: 'str' object has no attribute 'name'", None),
        ("ValueError: None values not supported.", None),
        ("AttributeError: 'str' object has no attribute 'base_dtype'", "tensorflow-on-keras-tensor"),
        ("TypeError: Model.save_weights() got an unexpected keyword argument 'save_format'", "save-format"),
        (
            "TypeError: TensorFlowTrainer.train_on_batch() got an unexpected keyword argument 'reset_metrics'",
            "training-arguments",
        ),
        ("AttributeError: 'NoneType' object has no attribute 'expect_partial'", "status-of-loading"),
        ("ValueError: something of mine", None),
    ],
)
def test_a_change_by_its_symptom(message: str, name: str | None) -> None:
    hits = catalogue_of_changes.by_symptom(message, NEWEST)

    assert (None if hits is None else hits.name) == name


def test_arguments_are_dropped_with_their_commas() -> None:
    view = SourceView("f(a, b=1, c=2)\nf(b=1)\nf(b=1, c=2)\nf(\n    a,\n    b=1,\n)\n")
    done = [(call, edits.DropKeywords(("b",))) for call in view.calls]

    assert view.with_edits(done) == "f(a, c=2)\nf()\nf(c=2)\nf(\n    a,\n)\n"


@pytest.mark.parametrize("callback", ["EarlyStopping", "ModelCheckpoint"])
def test_the_error_of_a_callback_leads_to_the_change_of_its_class(callback: str) -> None:
    message = f"ValueError: {callback} callback received monitor=val_acc, but Keras isn't able to"

    change = catalogue_of_changes.by_symptom(message, NEWEST)

    assert change is not None
    assert change.name == ("early-stopping-on-acc" if callback == "EarlyStopping" else "monitor-called-acc")


def test_the_record_of_proofs_names_no_place_of_a_machine() -> None:
    text = catalogue_of_changes.PROOFS.read_text(encoding="utf-8")

    assert re.findall(r"\((?:/|[A-Za-z]:[\\/])[^()]*\)|site-packages", text) == []


def test_an_error_of_a_proof_is_kept_without_the_place_of_its_module() -> None:
    code = "from collections import nothing_of_this_name\nresult = 1"

    (outcome,) = proving.execute({"one": code}).values()

    assert outcome == {"error": "ImportError: cannot import name 'nothing_of_this_name' from 'collections'"}
