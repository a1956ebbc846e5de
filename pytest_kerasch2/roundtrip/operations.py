"""Which functions of TensorFlow a layer made from a bare call may name; Keras 2 saves such layers by that name.

All of them compute a tensor from tensors. Reading and writing files, running Python functions, printing and changing
settings are functions of TensorFlow too, and stand in none of these lists.
"""

from __future__ import annotations

ROOMS = frozenset(
    ("__operators__", "bitwise", "image", "linalg", "math", "nn", "quantization", "ragged", "sets", "signal", "sparse")
)
"""Modules of TensorFlow in which every function computes."""

FUNCTIONS = frozenset(
    (
        "argsort",
        "boolean_mask",
        "broadcast_to",
        "cast",
        "clip_by_global_norm",
        "clip_by_norm",
        "clip_by_value",
        "concat",
        "convert_to_tensor",
        "cumsum",
        "dtypes.cast",
        "dtypes.complex",
        "dtypes.saturate_cast",
        "einsum",
        "ensure_shape",
        "expand_dims",
        "eye",
        "fill",
        "gather",
        "gather_nd",
        "histogram_fixed_width",
        "identity",
        "linspace",
        "meshgrid",
        "norm",
        "one_hot",
        "ones",
        "ones_like",
        "pad",
        "random.categorical",
        "random.normal",
        "random.shuffle",
        "random.stateless_normal",
        "random.stateless_uniform",
        "random.truncated_normal",
        "random.uniform",
        "range",
        "rank",
        "realdiv",
        "repeat",
        "reshape",
        "reverse",
        "reverse_sequence",
        "roll",
        "saturate_cast",
        "scatter_nd",
        "searchsorted",
        "sequence_mask",
        "shape",
        "shape_n",
        "size",
        "slice",
        "sort",
        "space_to_batch",
        "split",
        "squeeze",
        "stack",
        "stop_gradient",
        "strided_slice",
        "strings.as_string",
        "strings.join",
        "strings.length",
        "strings.lower",
        "strings.regex_replace",
        "strings.split",
        "strings.strip",
        "strings.substr",
        "strings.to_hash_bucket_fast",
        "strings.to_number",
        "strings.upper",
        "tensor_scatter_nd_add",
        "tensor_scatter_nd_update",
        "tensordot",
        "tile",
        "transpose",
        "truncatediv",
        "truncatemod",
        "unique",
        "unravel_index",
        "unstack",
        "where",
        "zeros",
        "zeros_like",
    )
)
"""Functions of TensorFlow that compute, by the names under which Keras 2 saves them."""

TENSORS = ("RaggedTensor", "SparseTensor", "Tensor", "Variable", "sparse.SparseTensor")
"""Classes of TensorFlow whose methods and properties compute."""

OLDER = "compat.v1."
"""What stands before the name of a function that TensorFlow 2 has in two versions, and some releases save."""


def computes(function: str) -> bool:
    """Whether a function of TensorFlow, by the name in a file, does no more than compute."""
    name = function[len(OLDER) :] if function.startswith(OLDER) else function
    room, dot, rest = name.partition(".")
    return name in FUNCTIONS or (bool(dot) and room in ROOMS and bool(rest))
