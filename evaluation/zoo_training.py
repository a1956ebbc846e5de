"""Honest trainings of each optimizer, schedule, precision and setting of `compile`."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any, Callable

from evaluation.zoo_data import classes, table
from evaluation.zoo_entry import EVERY, KERAS, TRAINING, honest
from evaluation.zoo_tables import network

OPTIMIZERS, SCHEDULES, SETTINGS = "optimizers", "schedules", "settings"
FITTED = (*TRAINING, "graph")


def _optimizer(
    name: str,
    make: Callable[[Any], Any],
    *,
    subject: str = OPTIMIZERS,
    needs: tuple[str, ...] = (),
    modes: Any = FITTED,
) -> None:
    @honest(subject, name=name, needs=needs, modes=modes)
    def _(k: Any, drawn: Any) -> Any:
        model = network(k, 4, "softmax")
        model.compile(make(k), "sparse_categorical_crossentropy")
        return model, classes(drawn)


def _of(name: str, *given: Any, **how: Any) -> Callable[[Any], Any]:
    return lambda k: getattr(k.optimizers, name)(*given, **how)


_optimizer("sgd", _of("SGD", 0.1))
_optimizer("sgd with momentum", _of("SGD", 0.05, momentum=0.9))
_optimizer("sgd by nesterov", _of("SGD", 0.05, momentum=0.9, nesterov=True))
_optimizer("rmsprop", _of("RMSprop"))
_optimizer("rmsprop, centered", _of("RMSprop", centered=True, momentum=0.5))
_optimizer("adam", _of("Adam"), modes=EVERY)
_optimizer("adam with amsgrad", _of("Adam", amsgrad=True))
_optimizer("adamax", _of("Adamax"))
_optimizer("nadam", _of("Nadam"))
_optimizer("adagrad", _of("Adagrad", 0.05))
_optimizer("adadelta", _of("Adadelta", 1.0))
_optimizer("ftrl", _of("Ftrl", 0.05))
_optimizer("adamw", _of("AdamW"), needs=("optimizers.AdamW",))
_optimizer("lion", _of("Lion", 0.001), needs=("optimizers.Lion",))
_optimizer("adafactor", _of("Adafactor", 0.01), needs=("optimizers.Adafactor",))
_optimizer("lamb", _of("Lamb", 0.01), needs=("optimizers.Lamb",))
_optimizer("muon", _of("Muon", 0.01), needs=("optimizers.Muon",))
_optimizer("weight decay", _of("SGD", 0.1, weight_decay=0.01), needs=("keras3",))
_optimizer("clipped by norm", _of("SGD", 0.1, clipnorm=0.1))
_optimizer("clipped by value", _of("SGD", 0.1, clipvalue=0.01))
_optimizer("clipped by global norm", _of("Adam", global_clipnorm=0.1), needs=("keras3",))
_optimizer("moving average of weights", _of("Adam", use_ema=True, ema_overwrite_frequency=10), needs=("keras3",))
_optimizer("moving average, not written", _of("SGD", 0.1, use_ema=True), needs=("keras3",))
_optimizer("gradient accumulation", _of("Adam", gradient_accumulation_steps=4), needs=("keras3",))
_optimizer("accumulation over an odd number", _of("SGD", 0.1, gradient_accumulation_steps=3), needs=("keras3",))
_optimizer("loss scale", lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.Adam()), needs=("keras3",))
_optimizer("fixed loss scale factor", _of("Adam", loss_scale_factor=128.0), needs=("keras3",))


def _schedule(name: str, schedule: str, *given: Any, optimizer: str = "SGD", **how: Any) -> None:
    def make(k: Any) -> Any:
        return getattr(k.optimizers, optimizer)(getattr(k.optimizers.schedules, schedule)(*given, **how))

    _optimizer(name, make, subject=SCHEDULES, modes=TRAINING, needs=(f"optimizers.schedules.{schedule}",))


_schedule("exponential decay", "ExponentialDecay", 0.1, 10, 0.9)
_schedule("staircase", "ExponentialDecay", 0.1, 50, 0.5, staircase=True)
_schedule("piecewise", "PiecewiseConstantDecay", [20, 50], [0.1, 0.05, 0.01])
_schedule("cosine that ends at zero", "CosineDecay", 0.1, 60)
_schedule("cosine that ends at zero at once", "CosineDecay", 0.1, 3, optimizer="Adam")
_schedule("polynomial that ends at zero", "PolynomialDecay", 0.1, 40, 0.0)
_schedule("polynomial that starts anew", "PolynomialDecay", 0.1, 20, 0.0, cycle=True)
_schedule("cosine with restarts", "CosineDecayRestarts", 0.1, 15)
_schedule("inverse time", "InverseTimeDecay", 0.1, 10, 0.5, optimizer="RMSprop")


@honest(SCHEDULES, needs=("keras3",), modes=TRAINING)
def warming_up_from_zero(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    rate = k.optimizers.schedules.CosineDecay(0.0, 500, warmup_target=0.05, warmup_steps=100)
    model.compile(k.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model, classes(drawn)


def _setting(name: str, *, modes: Any = KERAS, needs: tuple[str, ...] = (), **how: Any) -> None:
    @honest(SETTINGS, name=name, modes=modes, needs=needs)
    def _(k: Any, drawn: Any) -> Any:
        model = network(k, 4, "softmax")
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **how)
        return model, classes(drawn)


_setting("steps per execution", steps_per_execution=4, needs=("keras3",))
_setting("steps per execution, not of an epoch", steps_per_execution=3, needs=("keras3",))
_setting("run eagerly", run_eagerly=True, modes=("fit", "train_on_batch", "evaluate"))
_setting("compiled by xla", jit_compile=True, needs=("keras3",))
_setting("not compiled by xla", jit_compile=False, needs=("keras3",))
_setting("loss scaled by itself", auto_scale_loss=False, needs=("keras3",))


def _typed(name: str, policy: str) -> None:
    @honest(SETTINGS, name=name, needs=("keras3",), modes=(*KERAS, "graph"))
    def _(k: Any, drawn: Any) -> Any:
        layers = [k.layers.Dense(16, "relu", dtype=policy), k.layers.Dense(4, dtype=policy)]
        last = k.layers.Activation("softmax", dtype="float32")
        model = k.Sequential([k.Input((8,)), *layers, last])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model, classes(drawn)


_typed("mixed half precision", "mixed_float16")
_typed("mixed brain floats", "mixed_bfloat16")
_typed("double precision", "float64")
_typed("brain floats alone", "bfloat16")


@honest(SETTINGS, needs=("keras3",))
def output_of_half_precision(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Dense(16, "relu", dtype="mixed_float16"), k.layers.Dense(1, dtype="mixed_float16")]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile(k.optimizers.Adam(), "mse")
    return model, table(drawn)


@honest(SETTINGS)
def frozen_base(k: Any, drawn: Any) -> Any:
    base = k.Sequential([k.Input((8,)), k.layers.Dense(16, "relu"), k.layers.BatchNormalization()])
    base.trainable = False
    model = k.Sequential([k.Input((8,)), base, k.layers.Dense(4, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, classes(drawn)


@honest(SETTINGS)
def all_frozen_but_one(k: Any, drawn: Any) -> Any:
    model = k.Sequential([k.Input((8,)), *[k.layers.Dense(8, "relu") for _ in range(3)], k.layers.Dense(1)])
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.compile("sgd", "mse")
    return model, table(drawn)


@honest(SETTINGS)
def only_the_first_layer_is_trained(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.layers[-1].trainable = False
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(SETTINGS, modes=("evaluate", "predict"))
def all_frozen(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.trainable = False
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(SETTINGS, needs=("keras3",))
def weights_without_gradients(k: Any, drawn: Any) -> Any:
    class Net(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.used, self.spare = k.layers.Dense(1), k.layers.Dense(3)

        def call(self, x: Any) -> Any:
            self.spare(x)
            return self.used(x)

    model = Net()
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(SETTINGS, needs=("keras3",))
def low_rank_adapter(k: Any, drawn: Any) -> Any:
    model = k.Sequential([k.Input((8,)), k.layers.Dense(16, "relu"), k.layers.Dense(4, "softmax")])
    model.layers[0].enable_lora(2)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)
