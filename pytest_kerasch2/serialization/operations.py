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
        "div_no_nan",
        "dtypes.cast",
        "dtypes.complex",
        "dtypes.saturate_cast",
        "einsum",
        "ensure_shape",
        "expand_dims",
        "eye",
        "fill",
        "floor_div",
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

NODES = frozenset(
    (
        *("Abs", "Add", "AddN", "AddV2", "All", "Any", "ArgMax", "ArgMin", "BatchMatMul", "BatchMatMulV2", "BiasAdd"),
        *("BroadcastTo", "Cast", "Ceil", "ClipByValue", "Concat", "ConcatV2", "Cos", "Cumprod", "Cumsum", "Div"),
        *("DivNoNan", "Einsum", "Elu", "Equal", "Erf", "Exp", "ExpandDims", "Fill", "Floor", "FloorDiv", "FloorMod"),
        *("Gather", "GatherNd", "GatherV2", "Greater", "GreaterEqual", "Identity", "IsFinite", "IsInf", "IsNan"),
        *("L2Loss", "Less", "LessEqual", "Log", "Log1p", "LogSoftmax", "LogicalAnd", "LogicalNot", "LogicalOr"),
        *("MatMul", "Max", "Maximum", "Mean", "Min", "Minimum", "MirrorPad", "Mod", "Mul", "Neg", "NotEqual"),
        *("OneHot", "OnesLike", "Pack", "Pad", "PadV2", "Pow", "Prod", "Range", "Rank", "RealDiv", "Reciprocal"),
        *("Relu", "Relu6", "Reshape", "ResizeBilinear", "ResizeNearestNeighbor", "ReverseV2", "Round", "Rsqrt"),
        *("Select", "SelectV2", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice", "Softmax", "Softplus"),
        *("Softsign", "Split", "SplitV", "Sqrt", "Square", "SquaredDifference", "Squeeze", "StopGradient"),
        *("StridedSlice", "Sub", "Sum", "Tan", "Tanh", "Tile", "TopKV2", "Transpose", "Unpack", "ZerosLike"),
    )
)
"""Operations of TensorFlow that compute, by the names under which TensorFlow 2.0 to 2.3 saves them."""

OLDER = "compat.v1."
"""What stands before the name of a function that TensorFlow 2 has in two versions, and some releases save."""


def computes(function: str) -> bool:
    """Whether a function of TensorFlow, by the name in a file, does no more than compute."""
    name = function[len(OLDER) :] if function.startswith(OLDER) else function
    room, dot, rest = name.partition(".")
    return name in FUNCTIONS or (bool(dot) and room in ROOMS and bool(rest))
