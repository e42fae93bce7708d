"""Every raw operation that is read from TensorFlow computes what TensorFlow's own does.

In every namespace, in float64 and float32.
"""

from __future__ import annotations

import pytest

pytest.importorskip("tensorflow", reason="tensorflow is not installed")

import inspect
from functools import cache
from typing import Any

import numpy as np
from frameworks import load

import ball_arithmetic
from adbench.backends.base import Unsupported
from adbench.namespaces.namespace import MissingFunction
from adbench.namespaces.numpy import numpy
from adbench.readers import tensorflow as reader
from adbench.readers.tensorflow_tables import OPERATIONS
from reference_ad.engine import tree

import tensorflow as tf  # isort: skip
from tensorflow.python.framework import op_def_registry  # isort: skip

RNG = np.random.default_rng(7)


def raw(name, *operands, **attributes):
    """The raw operation of that name, with its operands in their order."""
    function = getattr(tf.raw_ops, name)
    names = list(inspect.signature(inspect.unwrap(function)).parameters)
    return function(**dict(zip(names, operands, strict=False)), **attributes)


def normal(*shape):
    return RNG.standard_normal(shape)


def words(text):
    return text.split()


def between(low, high, *shape):
    return RNG.uniform(low, high, shape)


def ints(*numbers, dtype=np.int32):
    return np.array(numbers, dtype)


def symmetric(*shape):
    x = normal(*shape)
    return x + np.swapaxes(x, -1, -2)


def definite(*shape):
    x = normal(*shape)
    return x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])


SAMPLES: list[tuple[str, Any, tuple[Any, ...]]] = []
"""Of each: the operation's name, a function of tensors, and arrays for it."""


def sample(name, *arrays, operands=(), **attributes):
    """Let the operation be applied to arrays, and behind them to operands that are known."""
    SAMPLES.append((name, lambda *x: raw(name, *x, *operands, **attributes), arrays))


def sample_of(name, function, *arrays):
    SAMPLES.append((name, function, arrays))


def in_single_precision(function):
    """A function of tensors of one dtype, of which TensorFlow has a kernel in float32 alone."""
    return lambda *x: function(*[tf.cast(tensor, tf.float32) for tensor in x])


# ---- elementwise

ANY = (normal(2, 3), normal(), normal(1, 4, 2))
for _name in words(
    "Abs Atan Asinh BesselI0 BesselI0e BesselI1 BesselI1e Ceil Cos Cosh Elu Erf Erfc Exp Expm1 "
    "Floor Inv Neg Reciprocal Relu Relu6 Rint Round Selu Sigmoid Sign Sin Sinh Softplus Softsign "
    "Square Tan Tanh ZerosLike OnesLike Identity StopGradient Snapshot PreventGradient "
    "IsFinite IsInf IsNan"
):
    for _x in ANY:
        sample(_name, 3 * _x if _name in ("Relu6", "Round", "Rint") else _x)
for _name in words("Log Sqrt Rsqrt Lgamma Digamma BesselJ0 BesselJ1"):
    for _x in ANY:
        sample(_name, np.abs(_x) + 0.1)
for _name in ("Acos", "Asin", "Atanh"):
    sample(_name, np.tanh(ANY[0]))
sample("Log1p", np.exp(ANY[0]) - 0.9)
sample("Acosh", 1 + np.exp(ANY[2]))
sample("LeakyRelu", ANY[0])
sample("LeakyRelu", ANY[2], alpha=0.3)
sample("EnsureShape", ANY[0], shape=(2, 3))
sample("CheckNumerics", ANY[0], message="")
sample("IsNan", np.array([1.0, np.nan, np.inf]))
sample_of("IdentityN", lambda x, y: raw("IdentityN", [x, y]), normal(2), normal(3))

PAIRS = (
    (normal(2, 3), normal(2, 3)),
    (normal(2, 3), normal(3)),
    (normal(4, 1, 3), normal(2, 1)),
    (normal(2), normal()),
)
for _name in words(
    "Add AddV2 Sub Mul RealDiv Div DivNoNan MulNoNan SquaredDifference Maximum Minimum Atan2 Xdivy "
    "Equal NotEqual Less LessEqual Greater GreaterEqual FloorDiv FloorMod"
):
    for _pair in PAIRS:
        sample(_name, *_pair)
for _name in ("TruncateMod", "Mod"):
    sample(_name, *PAIRS[1])
for _x, _y in PAIRS:
    sample("Pow", np.exp(_x), _y)
    sample("Xlogy", _x, np.exp(_y))
    sample("Xlog1py", _x, np.exp(_y))
for _name, _exponent in (("Pow", 2.0), ("Pow", 3.0), ("Pow", -1.0)):
    sample_of(_name, lambda x, e=_exponent: raw("Pow", x, tf.constant(e, x.dtype)), normal(2, 3))
sample("Pow", np.array([2, 3, 4], np.int32), operands=(ints(3),))
sample("Pow", np.array([2, 3, 4], np.int32), ints(3, 2, 1))
for _name in ("DivNoNan", "Xdivy", "MulNoNan"):
    sample(_name, np.array([1.0, 0.0, 2.0]), np.array([2.0, 3.0, 0.0 if _name != "Xdivy" else 1.0]))
sample("Xlogy", np.array([0.0, 0.0, 2.0]), np.array([2.0, 0.0, 3.0]))
sample("ApproximateEqual", normal(3), normal(3), tolerance=0.5)
sample_of("AddN", lambda x, y, z: raw("AddN", [x, y, z]), normal(2, 3), normal(2, 3), normal(2, 3))
sample_of("Polygamma", lambda x: raw("Polygamma", tf.constant(2, x.dtype), x), np.exp(normal(3)))
sample_of(
    "Polygamma", lambda x: raw("Polygamma", tf.constant([1, 1], x.dtype), x), np.exp(normal(2))
)
sample("Erfinv", np.tanh(normal(3, 4)))
sample("Ndtri", (1 + np.tanh(normal(3, 4))) / 2)
for _name in words("Igamma Igammac"):
    sample_of(
        _name, lambda x, _name=_name: raw(_name, tf.constant(1.5, x.dtype), x), np.exp(normal(3))
    )
sample_of("Zeta", lambda x: raw("Zeta", tf.constant(2.5, x.dtype), x), np.exp(normal(3)))
sample("ClipByValue", normal(3, 4), np.array(-0.5), np.array(0.6))
sample("ClipByValue", normal(3, 4), normal(3, 4) - 2, normal(3, 4) + 2)

SIGNED = (ints(7, -7, 7, -7), ints(2, 2, -2, -2))
for _name in words("AddV2 Mul FloorDiv FloorMod TruncateDiv TruncateMod Mod Div Maximum"):
    sample(_name, *SIGNED)
BITS = (ints(12, 5, 255), ints(10, 3, 2))
for _name in words("BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift"):
    sample(_name, *BITS)
sample("Invert", ints(12, -5, 0))
sample("Sign", ints(-3, 0, 4))
TRUTHS = (np.array([True, True, False, False]), np.array([True, False, True, False]))
sample("LogicalAnd", *TRUTHS)
sample("LogicalOr", *TRUTHS)
sample("LogicalNot", TRUTHS[1])
sample("SelectV2", np.array([[True], [False]]), normal(2, 3), normal(3))
sample("Select", np.array([True, False]), normal(2, 3), normal(2, 3))
sample("Select", np.array(True), normal(2, 3), normal(2, 3))

OUTPUTS = (normal(2, 3), np.tanh(normal(2, 3)))
for _name in ("EluGrad", "SeluGrad", "ReluGrad", "Relu6Grad", "SoftplusGrad", "SoftsignGrad"):
    sample(_name, *OUTPUTS)
for _name in ("InvGrad", "ReciprocalGrad", "RsqrtGrad", "SigmoidGrad", "SqrtGrad", "TanhGrad"):
    sample(_name, np.exp(OUTPUTS[1]), OUTPUTS[0])
sample("LeakyReluGrad", *OUTPUTS, alpha=0.3)

for _to in (tf.float64, tf.float32, tf.int32, tf.bool):
    sample("Cast", 3 * normal(2, 3), DstT=_to)
sample("Cast", ints(1, 0, 3), DstT=tf.int64)
sample("Cast", ints(1, 0, 3), DstT=tf.bool)
sample("Cast", TRUTHS[0], DstT=tf.int32)
sample_of("Cast", lambda k, x: x * tf.cast(k, x.dtype), ints(1, 2), normal(2))


def complex_of(x, y):
    return tf.raw_ops.Complex(real=x, imag=y, Tout=tf.complex(x, y).dtype)


for _name in ("Real", "Imag", "ComplexAbs", "Angle"):
    sample_of(
        _name,
        lambda x, y, name=_name: raw(name, complex_of(x, y), Tout=x.dtype),
        normal(2, 3),
        normal(2, 3),
    )
sample_of("Conj", lambda x, y: tf.math.imag(raw("Conj", complex_of(x, y))), normal(3), normal(3))
sample_of("Complex", complex_of, normal(3), normal(3))
sample_of("Cast", lambda x, y: tf.cast(complex_of(x, y), x.dtype), normal(3), normal(3))

# ---- reductions

for _name in ("Sum", "Mean", "Prod", "Max", "Min", "EuclideanNorm"):
    for _axes in (ints(0), ints(1, 2), ints(-1), ints(0, 1, 2), np.zeros(0, np.int32), np.int32(1)):
        for _keep in (False, True):
            sample(_name, normal(2, 3, 4), operands=(_axes,), keep_dims=_keep)
for _name in ("Sum", "Mean", "Prod", "Max"):
    sample(_name, RNG.integers(-5, 5, (3, 4)).astype(np.int32), operands=(ints(1),))
for _name in ("All", "Any"):
    sample(_name, normal(3, 4) > 0.5, operands=(ints(1),))
    sample(_name, normal(3, 4) > 0.5, operands=(ints(0, 1),), keep_dims=True)
for _name in ("ArgMax", "ArgMin"):
    sample(_name, normal(3, 4), operands=(np.int32(1),))
    sample(_name, normal(3, 4), operands=(np.int32(-2),), output_type=tf.int32)
for _name in ("Cumsum", "Cumprod", "CumulativeLogsumexp"):
    for _exclusive in (False, True):
        for _reverse in (False, True):
            sample(
                _name,
                normal(3, 4),
                operands=(np.int32(-1 if _reverse else 0),),
                exclusive=_exclusive,
                reverse=_reverse,
            )
sample("L2Loss", normal(3, 4))
sample("TopKV2", normal(3, 6), operands=(np.int32(2),))
sample("TopKV2", np.array([1.0, 3.0, 3.0, 0.0]), operands=(np.int32(3),))
sample_of(
    "InTopKV2",
    lambda x, k: raw("InTopKV2", tf.cast(x, tf.float32), k, 2),
    normal(3, 6),
    ints(1, 5, 2),
)
sample("NthElement", normal(3, 6), operands=(np.int32(2),))
sample("NthElement", normal(3, 6), operands=(np.int32(2),), reverse=True)
ROWS = np.sort(normal(2, 5), axis=1)
for _name in ("LowerBound", "UpperBound"):
    sample(_name, ROWS, np.concatenate([normal(2, 3), ROWS[:, 1:3]], axis=1))
sample_of(
    "Bincount",
    lambda k, w: raw("Bincount", k, tf.constant(4), w),
    ints(0, 2, 2, 3),
    normal(4),
)
sample_of(
    "Bincount",
    lambda k: raw("Bincount", k, tf.constant(4), tf.zeros([0], tf.int32)),
    ints(0, 2, 2, 3),
)

# ---- shapes

for _name, _keywords in (("Shape", {}), ("Size", {}), ("Shape", {"out_type": tf.int64})):
    sample(_name, normal(2, 3), **_keywords)
sample("Rank", normal(2, 3))
sample_of("ShapeN", lambda x, y: raw("ShapeN", [x, y]), normal(2, 3), normal(4))
for _shapes in (((2, 1), (3,)), ((2, 3), (2, 3)), ((), (2,))):
    for _name in ("BroadcastArgs", "BroadcastGradientArgs"):
        sample_of(
            _name,
            lambda x, name=_name, shapes=_shapes: raw(
                name, *[tf.constant(shape, tf.int32) for shape in shapes]
            ),
            normal(2),
        )
sample_of(
    "ConcatOffset",
    lambda x, y: raw("ConcatOffset", tf.constant(1), [tf.shape(x), tf.shape(y)]),
    normal(2, 3),
    normal(2, 4),
)
sample_of("Fill", lambda x: raw("Fill", ints(2, 3), x), normal())
sample_of("InvertPermutation", lambda x: raw("InvertPermutation", ints(2, 0, 1)), normal(2))
sample("LinSpace", normal(), normal(), operands=(np.int32(5),))
sample("LinSpace", normal(), normal(), operands=(np.int32(1),))
for _axis in (-1, 0, 1):
    sample_of(
        "OneHot",
        lambda k, on, off, axis=_axis: raw("OneHot", k, tf.constant(4), on, off, axis=axis),
        np.array([[0, 3, 1], [2, 9, -1]]),
        normal(),
        normal(),
    )
sample_of(
    "Range",
    lambda x: x * raw("Range", *[tf.constant(k, x.dtype) for k in (0.5, 2.5, 0.5)]),
    normal(4),
)
sample_of("Range", lambda x: raw("Range", 5, 0, -2), normal(4))
sample("BroadcastTo", normal(2, 1), operands=(ints(3, 2, 4),))
for _axis in (0, 1, -1):
    sample("ExpandDims", normal(2, 3), operands=(np.int32(_axis),))
sample("Reshape", normal(2, 3), operands=(ints(-1, 2),))
sample("Reshape", normal(2, 3), operands=(ints(6),))
sample("Reshape", normal(1), operands=(np.zeros(0, np.int32),))
sample("Squeeze", normal(2, 1, 3, 1))
sample("Squeeze", normal(2, 1, 3, 1), axis=[-1])
sample("Tile", normal(2, 3), operands=(ints(2, 3),))
sample("Tile", normal(2, 3), operands=(ints(1, 1),))
sample("Transpose", normal(2, 3, 4), operands=(ints(2, 0, 1),))
sample_of(
    "ConjugateTranspose",
    lambda x, y: raw("ConjugateTranspose", complex_of(x, y), ints(1, 0)),
    normal(2, 3),
    normal(2, 3),
)
sample_of("Concat", lambda x, y: raw("Concat", 1, [x, y]), normal(2, 3), normal(2, 1))
sample_of("ConcatV2", lambda x, y: raw("ConcatV2", [x, y], -1), normal(2, 3), normal(2, 1))
sample_of("Pack", lambda x, y: raw("Pack", [x, y], axis=-1), normal(2, 3), normal(2, 3))
sample_of("Pack", lambda x, y: raw("Pack", [x, y]), normal(), normal())
sample("Unpack", normal(2, 3), num=3, axis=-1)
sample_of("Split", lambda x: raw("Split", -1, x, num_split=2), normal(2, 4))
sample_of("SplitV", lambda x: raw("SplitV", x, ints(1, -1, 2), 1, num_split=3), normal(2, 6))
WIDTHS = np.array([[1, 2], [0, 1]], np.int32)
sample("Pad", normal(2, 3), operands=(WIDTHS,))
sample_of("PadV2", lambda x, c: raw("PadV2", x, WIDTHS, c), normal(2, 3), normal())
for _mode in ("REFLECT", "SYMMETRIC"):
    sample("MirrorPad", normal(3, 3), operands=(WIDTHS,), mode=_mode)
sample("ReverseV2", normal(2, 3), operands=(ints(-1, 0),))
sample("Reverse", normal(2, 3), operands=(np.array([False, True]),))
sample("ReverseSequence", normal(2, 4, 3), operands=(ints(2, 4),), seq_dim=1, batch_dim=0)
sample("ReverseSequence", normal(4, 2, 3), operands=(ints(2, 3),), seq_dim=0, batch_dim=1)
sample("Roll", normal(3, 4), operands=(ints(1, -2), ints(0, 1)))
BLOCK, CROPS = ints(2, 3), np.array([[0, 1], [1, 1]], np.int32)
sample("SpaceToBatchND", normal(2, 3, 4, 2), operands=(BLOCK, CROPS))
sample("BatchToSpaceND", normal(12, 2, 2, 3), operands=(BLOCK, CROPS))
sample("SpaceToDepth", normal(1, 4, 6, 2), block_size=2)
sample("DepthToSpace", normal(1, 2, 3, 8), block_size=2)

# ---- indexing

sample("Slice", normal(3, 4), operands=(ints(1, 0), ints(2, -1)))
for _index in (
    (1,),
    (slice(None), -1),
    (slice(1, 3), slice(None, None, 2)),
    (slice(None, None, -1),),
    (Ellipsis, slice(3, 0, -2)),
    (None, 2, Ellipsis, None),
    (slice(None), None, slice(-2, None)),
    (0, 1, 2),
    (slice(2, 2),),
    (slice(10, -10, -3), slice(-100, 100)),
):
    sample_of("StridedSlice", lambda x, index=_index: x[index], normal(3, 4, 5))
sample_of(
    "StridedSliceGrad",
    lambda g: raw(
        "StridedSliceGrad", ints(4, 5), ints(3, 1), ints(0, 0), ints(-2, 2), g, end_mask=2
    ),
    normal(2, 2),
)
PLACES = np.array([[0, 2], [1, 1], [2, 0]])
for _axis in (0, 1, -1):
    sample("GatherV2", normal(3, 4, 3), PLACES, operands=(np.int32(_axis),))
    sample_of(
        "GatherV2",
        lambda x, axis=_axis: raw("GatherV2", x, PLACES, axis),
        normal(3, 4, 3),
    )
sample("GatherV2", normal(3, 4), PLACES, operands=(np.int32(1),), batch_dims=1)
sample("GatherV2", normal(3, 4, 5), PLACES, operands=(np.int32(2),), batch_dims=1)
sample("GatherV2", normal(3, 2, 5), PLACES, operands=(np.int32(2),), batch_dims=2)
sample("GatherV2", normal(3), np.array(1), operands=(np.int32(0),))
sample("Gather", normal(3, 4), PLACES)
sample("GatherNd", normal(3, 4), PLACES)
sample("GatherNd", normal(3, 4, 2), PLACES)
sample("GatherNd", normal(3, 4), PLACES[:, :1])
sample("ScatterNd", PLACES, normal(3, 2), operands=(ints(4, 3, 2),))
sample("ScatterNd", PLACES[:, :1] % 2, normal(3, 4), operands=(ints(3, 4),))
sample_of("ScatterNd", lambda g: raw("ScatterNd", PLACES % 2, g, ints(2, 2)), normal(3))
for _name in words("Add Sub Max Min Update"):
    for _dims in (2, 1):
        _shape = (3,) if _dims == 2 else (3, 4)
        sample(f"TensorScatter{_name}", normal(3, 4), PLACES[:, :_dims] % 2, normal(*_shape))
        sample_of(
            f"TensorScatter{_name}",
            lambda x, g, name=_name, dims=_dims: raw(
                f"TensorScatter{name}", x, PLACES[:, :dims], g
            ),
            normal(3, 4),
            normal(*_shape),
        )
SEGMENTS = ints(0, 0, 2)
for _name in words("Sum Mean Max Min Prod"):
    sample(f"Segment{_name}", normal(3, 2), operands=(SEGMENTS,))
    if _name != "Mean":
        sample(f"UnsortedSegment{_name}", normal(3, 2), operands=(SEGMENTS, np.int32(4)))
        sample(
            f"UnsortedSegment{_name}", normal(3, 2), operands=(PLACES.astype(np.int32), np.int32(3))
        )
sample("UnsortedSegmentSum", normal(3, 2), SEGMENTS, operands=(np.int32(4),))
sample("UnsortedSegmentMax", ints(3, -4, 5), operands=(SEGMENTS, np.int32(4)))
sample_of(
    "DynamicPartition",
    lambda x: raw("DynamicPartition", x, ints(1, 0, 1), num_partitions=2),
    normal(3, 2),
)
sample_of("Where", lambda x: raw("Where", np.array([[True, False], [True, True]])), normal(2))

# ---- linear algebra

for _a in (False, True):
    for _b in (False, True):
        sample(
            "MatMul",
            normal(*((4, 3) if _a else (3, 4))),
            normal(*((2, 4) if _b else (4, 2))),
            transpose_a=_a,
            transpose_b=_b,
        )
for _name in ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"):
    _keywords = {"Tout": None} if _name.endswith("V3") else {}
    sample_of(
        _name,
        lambda x, y, name=_name, extra=_keywords: raw(
            name, x, y, adj_x=True, **dict.fromkeys(extra, x.dtype)
        ),
        normal(2, 4, 3),
        normal(2, 4, 2),
    )
sample("BatchMatMulV2", normal(5, 1, 3, 4), normal(2, 2, 4), adj_y=True)
_EINSUMS: tuple[tuple[Any, ...], ...] = (
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("bij,bkj->bik", (2, 3, 4), (2, 5, 4)),
    ("i,j->ij", (2,), (3,)),
    ("ii->i", (3, 3)),
    ("ii->", (3, 3)),
    ("ij->ji", (2, 3)),
    ("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
    ("...i,i->...", (2, 3, 4), (4,)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("abc,cd->dab", (2, 3, 4), (4, 5)),
    ("ij,k->ik", (2, 3), (4,)),
)
for _equation, *_operands in _EINSUMS:
    sample_of(
        "Einsum",
        lambda *x, equation=_equation: raw("Einsum", list(x), equation=equation),
        *[normal(*shape) for shape in _operands],
    )
sample("Cross", normal(2, 3), normal(2, 3))
sample("Cholesky", definite(2, 3, 3))
sample("LogMatrixDeterminant", normal(2, 3, 3))
sample("MatrixDeterminant", normal(2, 3, 3))
for _adjoint in (False, True):
    sample("MatrixInverse", definite(2, 3, 3), adjoint=_adjoint)
    sample("MatrixSolve", definite(3, 3) + normal(3, 3), normal(3, 2), adjoint=_adjoint)
    for _lower in (False, True):
        sample(
            "MatrixTriangularSolve",
            definite(2, 3, 3),
            normal(3, 2),
            lower=_lower,
            adjoint=_adjoint,
        )
sample_of("Lu", lambda x: raw("Lu", x).lu, normal(3, 3))
sample_of("Lu", lambda x: raw("Lu", x).lu, definite(2, 3, 3))
sample_of("Qr", lambda x: raw("Qr", x).r ** 2, normal(4, 3))
sample_of("SelfAdjointEigV2", lambda x: raw("SelfAdjointEigV2", x).e, normal(3, 3))
sample_of("SelfAdjointEigV2", lambda x: raw("SelfAdjointEigV2", x).v ** 2, symmetric(3, 3))
sample_of("SelfAdjointEigV2", lambda x: raw("SelfAdjointEigV2", x, compute_v=False).e, normal(3, 3))
sample_of("Svd", lambda x: raw("Svd", x).s, normal(4, 3))
sample_of("Svd", lambda x: raw("Svd", x).u ** 2, normal(4, 3))
sample_of("Svd", lambda x: raw("Svd", x).v ** 2, normal(2, 3))
sample_of("Svd", lambda x: raw("Svd", x, compute_uv=False).s, normal(4, 3))
sample("Diag", normal(3))
sample("Diag", normal(2, 3))
sample("DiagPart", normal(3, 3))
sample("DiagPart", normal(2, 3, 2, 3))
for _band in ((0, -1), (-1, 0), (1, 0), (0, 2), (-1, -1)):
    sample("MatrixBandPart", normal(2, 3, 4), operands=tuple(map(np.int32, _band)))
sample("MatrixDiag", normal(2, 3))
sample("MatrixDiagPart", normal(2, 3, 4))
for _align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"):
    for _k in ((0,), (1,), (-1,), (-1, 1), (0, 2), (-2, -1)):
        sample_of(
            "MatrixDiagPartV3",
            lambda x, k=_k, align=_align: raw(
                "MatrixDiagPartV3", x, ints(*k), tf.constant(0.5, x.dtype), align=align
            ),
            normal(2, 3, 4),
        )
        _length = tf.linalg.diag_part(np.zeros((3, 4)), k=_k).shape
        sample_of(
            "MatrixSetDiagV3",
            lambda x, d, k=_k, align=_align: raw("MatrixSetDiagV3", x, d, ints(*k), align=align),
            normal(2, 3, 4),
            normal(2, *_length),
        )
        sample_of(
            "MatrixDiagV3",
            lambda d, k=_k, align=_align: raw(
                "MatrixDiagV3", d, ints(*k), 3, 4, tf.constant(0.5, d.dtype), align=align
            ),
            normal(2, *_length),
        )
for _k, _shape in (
    ((0,), (2, 3)),
    ((1,), (3,)),
    ((-2,), (3,)),
    ((-1, 1), (3, 3)),
    ((0, 1), (2, 3)),
):
    sample_of(
        "MatrixDiagV3",
        lambda d, k=_k: raw(
            "MatrixDiagV3", d, ints(*k), -1, -1, tf.constant(0, d.dtype), align="RIGHT_LEFT"
        ),
        normal(*_shape),
    )

# ---- networks

IMAGES, KERNEL = normal(2, 6, 5, 4), normal(3, 2, 4, 6)
CONVOLUTIONS: tuple[dict[str, Any], ...] = (
    {"strides": [1, 1, 1, 1], "padding": "SAME"},
    {"strides": [1, 2, 2, 1], "padding": "SAME"},
    {"strides": [1, 1, 2, 1], "padding": "VALID"},
    {"strides": [1, 1, 1, 1], "padding": "VALID", "dilations": [1, 2, 1, 1]},
    {
        "strides": [1, 2, 1, 1],
        "padding": "EXPLICIT",
        "explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0],
    },
)
for _options in CONVOLUTIONS:
    sample("Conv2D", IMAGES, KERNEL, **_options)
    sample("Conv2D", IMAGES, normal(3, 2, 2, 6), **_options)
    _slope = raw("Conv2D", IMAGES, KERNEL, **_options).shape
    if _options.get("dilations") is None:
        sample_of(
            "Conv2DBackpropInput",
            lambda k, g, options=_options: raw(
                "Conv2DBackpropInput", ints(*IMAGES.shape), k, g, **options
            ),
            KERNEL,
            normal(*_slope),
        )
        sample_of(
            "Conv2DBackpropFilter",
            lambda x, g, options=_options: raw(
                "Conv2DBackpropFilter", x, ints(*KERNEL.shape), g, **options
            ),
            IMAGES,
            normal(*_slope),
        )
for _options in (
    {"strides": [1, 1, 1, 1], "padding": "SAME"},
    {"strides": [1, 2, 2, 1], "padding": "VALID"},
):
    _depthwise = normal(3, 2, 4, 2)
    sample("DepthwiseConv2dNative", IMAGES, _depthwise, **_options)
    _slope = raw("DepthwiseConv2dNative", IMAGES, _depthwise, **_options).shape
    sample_of(
        "DepthwiseConv2dNativeBackpropInput",
        lambda k, g, options=_options: raw(
            "DepthwiseConv2dNativeBackpropInput", ints(*IMAGES.shape), k, g, **options
        ),
        _depthwise,
        normal(*_slope),
    )
    sample_of(
        "DepthwiseConv2dNativeBackpropFilter",
        lambda x, g, options=_options: raw(
            "DepthwiseConv2dNativeBackpropFilter", x, ints(3, 2, 4, 2), g, **options
        ),
        IMAGES,
        normal(*_slope),
    )
VOLUMES, VOLUME_KERNEL = normal(1, 4, 3, 5, 2), normal(2, 2, 3, 2, 3)
for _padding in ("SAME", "VALID"):
    _options = {"strides": [1, 2, 1, 2, 1], "padding": _padding}
    sample("Conv3D", VOLUMES, VOLUME_KERNEL, **_options)
    sample_of(
        "Conv3DBackpropInputV2",
        lambda k, g, options=_options: raw(
            "Conv3DBackpropInputV2", ints(*VOLUMES.shape), k, g, **options
        ),
        VOLUME_KERNEL,
        normal(*raw("Conv3D", VOLUMES, VOLUME_KERNEL, **_options).shape),
    )
for _options in (
    {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"},
    {"ksize": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "padding": "SAME"},
):
    sample("MaxPool", IMAGES, **_options)
    sample("AvgPool", IMAGES, **_options)
    sample_of(
        "AvgPoolGrad",
        lambda g, options=_options: raw("AvgPoolGrad", ints(*IMAGES.shape), g, **options),
        normal(*raw("AvgPool", IMAGES, **_options).shape),
    )
sample(
    "MaxPool",
    IMAGES,
    ksize=[1, 2, 2, 1],
    strides=[1, 2, 2, 1],
    padding="EXPLICIT",
    explicit_paddings=[0, 0, 1, 1, 0, 1, 0, 0],
)
sample("MaxPoolV2", IMAGES, operands=(ints(1, 2, 2, 1), ints(1, 1, 2, 1)), padding="SAME")
for _name in ("MaxPool3D", "AvgPool3D"):
    sample_of(
        _name,
        in_single_precision(
            lambda x, name=_name: raw(
                name, x, ksize=[1, 2, 2, 2, 1], strides=[1, 2, 1, 2, 1], padding="SAME"
            )
        ),
        VOLUMES,
    )
sample("BiasAdd", normal(2, 3, 4), normal(4))
sample("BiasAdd", normal(2, 3, 4), normal(3), data_format="NCHW")
sample("BiasAddV1", normal(2, 4), normal(4))
sample("BiasAddGrad", normal(2, 3, 4))
sample("BiasAddGrad", normal(2, 3, 4), data_format="NCHW")
sample("LogSoftmax", normal(2, 3))
sample("Softmax", normal(2, 3))
sample("SoftmaxCrossEntropyWithLogits", normal(2, 3), between(0, 1, 2, 3))
sample("SoftmaxCrossEntropyWithLogits", normal(2, 3), between(0, 1, 1, 3))
sample("SparseSoftmaxCrossEntropyWithLogits", normal(3, 4), ints(0, 3, 1))
sample(
    "ExtractImagePatches",
    IMAGES,
    ksizes=[1, 2, 2, 1],
    strides=[1, 2, 1, 1],
    rates=[1, 1, 2, 1],
    padding="VALID",
)


for _training in (False, True):
    for _name in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        sample_of(
            _name,
            in_single_precision(
                lambda *x, name=_name, training=_training: list(
                    raw(name, *x, is_training=training, epsilon=0.01)[: 3 if training else 1]
                )
            ),
            IMAGES,
            normal(4),
            normal(4),
            normal(4),
            between(0.5, 2, 4),
        )
sample_of("LRN", in_single_precision(lambda x: raw("LRN", x, depth_radius=1)), IMAGES)
for _corners, _centers in ((False, False), (True, False), (False, True)):
    for _name in ("ResizeBilinear", "ResizeNearestNeighbor"):
        for _size in (ints(4, 9), ints(12, 1), ints(6, 5)):
            sample_of(
                _name,
                in_single_precision(
                    lambda x, name=_name, size=_size, a=_corners, h=_centers: raw(
                        name, x, size, align_corners=a, half_pixel_centers=h
                    )
                ),
                IMAGES,
            )

# ---- Fourier transforms

for _name in ("FFT", "IFFT", "FFT2D", "IFFT2D", "FFT3D", "IFFT3D"):
    sample_of(
        _name,
        lambda x, y, name=_name: tf.math.imag(raw(name, complex_of(x, y))),
        normal(2, 3, 4),
        normal(2, 3, 4),
    )
for _name, _lengths in (("RFFT", (5,)), ("RFFT2D", (3, 4)), ("RFFT3D", (2, 3, 6))):
    sample_of(
        _name,
        lambda x, name=_name, n=_lengths: tf.math.real(
            raw(name, x, ints(*n), Tcomplex=tf.complex(x, x).dtype)
        ),
        normal(2, 3, 6),
    )
    sample_of(
        f"I{_name}",
        lambda x, y, name=_name, n=_lengths: raw(
            f"I{name}", complex_of(x, y), ints(*n), Treal=x.dtype
        ),
        normal(2, 3, 4),
        normal(2, 3, 4),
    )


# ---- the tests

NAMES = sorted({name for name, _, _ in SAMPLES})
BACKENDS = ("torch:eager", "jax:jit", "tensorflow:function")
DIGITS = {("torch:eager", "Polygamma"): 8}
"""How many digits agree, where not 11 do: PyTorch's polygamma is off by 2e-10."""


def samples_of(name):
    return [number for number, sample in enumerate(SAMPLES) if sample[0] == name]


def in_dtype(arrays, dtype):
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in map(np.asarray, arrays)]


@cache
def read(number, dtype="float64"):
    """The reading of a sample, its arrays, and what TensorFlow gives for them."""
    _, function, arrays = SAMPLES[number]
    arrays = in_dtype(arrays, dtype)
    tensors = [tf.constant(x) for x in arrays]
    return reader.read(function, tensors), arrays, tree.leaves(function(*tensors))


def assert_close(actual, expected, digits):
    """Both arrays are equal, floating numbers up to some digits of the largest."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    if expected.dtype.kind not in "fc":
        np.testing.assert_array_equal(actual, expected)
        return
    size = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    np.testing.assert_allclose(actual, expected, rtol=10.0**-digits, atol=size * 10.0**-digits)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_an_operation_gives_what_tensorflow_gives(name, dtype):
    for number in samples_of(name):
        reading, arrays, expected = read(number, dtype)
        assert name in reading.operations
        digits = 4 if any(x.dtype == tf.float32 for x in expected) else 11
        outputs = tree.leaves(reading.function(numpy, *arrays))
        for actual, own in zip(outputs, expected, strict=True):
            assert_close(actual, own.numpy(), digits)
            if own.dtype.is_integer or own.dtype.is_bool:
                assert actual.dtype == own.numpy().dtype


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_operation_is_the_same_in_every_framework(name, backend):
    framework = load(backend)
    for number in samples_of(name):
        reading, arrays, _ = read(number)

        def flat(*given, reading=reading):
            return tree.leaves(reading.function(framework.xp, *given))

        try:
            outputs = staged(backend, flat)(*map(framework.asarray, arrays))
        except (MissingFunction, Unsupported) as error:
            pytest.skip(str(error))
        expected = tree.leaves(reading.function(numpy, *arrays))
        for actual, own in zip(outputs, expected, strict=True):
            assert_close(framework.to_numpy(actual), own, DIGITS.get((backend, name), 11))


def staged(backend, function):
    """The function as its framework compiles it."""
    if backend == "jax:jit":
        import jax

        return jax.jit(function)
    if backend == "tensorflow:function":
        return tf.function(function, autograph=False)
    return function


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_enclosed_by_balls(name):
    for number in samples_of(name):
        reading, arrays, _ = read(number)
        balls = [ball_arithmetic.numbers(x) if x.dtype.kind == "f" else x for x in arrays]
        outputs = tree.leaves(reading.function(ball_arithmetic.xp, *balls))
        expected = tree.leaves(reading.function(numpy, *arrays))
        for actual, own in zip(outputs, expected, strict=True):
            is_ball = isinstance(actual, ball_arithmetic.ElementArray)
            assert_close(ball_arithmetic.midpoints(actual) if is_ball else actual, own, 11)


def test_every_operation_has_a_sample():
    assert set(OPERATIONS) - set(NAMES) == set()


def test_every_attribute_that_changes_a_result_is_taken():
    ignored = {name: attributes_left_out(name) for name in OPERATIONS}
    assert {name: left for name, left in ignored.items() if left} == {}


def attributes_left_out(name):
    """The attributes of an operation that its entry does not take, and that are no types."""
    definition = op_def_registry.get(name)
    counts = {argument.number_attr for argument in definition.input_arg}
    counts |= {argument.number_attr for argument in definition.output_arg}
    attributes = {a.name for a in definition.attr if a.type not in ("type", "list(type)")}
    return attributes - counts - set(OPERATIONS[name].attributes) - WITHOUT_MEANING


WITHOUT_MEANING = {
    "Truncate",
    "bad_indices_policy",
    "grad_a",
    "grad_b",
    "grad_x",
    "grad_y",
    "incompatible_shape_error",
    "message",
    "shape",
    "sorted",
    "use_cudnn_on_gpu",
    "validate_indices",
}
"""Attributes that say how to compute or when to raise, and not what comes out."""
