"""The array namespace: the Python array API standard 2024.12, on arrays and tracers alike.

Elementwise functions are the primitives themselves. The others bring their arguments into the form
in which the primitives take them (axes as tuples of non-negative integers, say), or are
compositions. `special` has SciPy's names, and `stop_gradient` gives its argument as a constant.
Where a function has no derivative (comparisons, argmax, ...) it acts on the values.
"""

from __future__ import annotations

from numpy import (
    __array_namespace_info__,
    bool_ as bool,
    complex64,
    complex128,
    e,
    float32,
    float64,
    inf,
    int8,
    int16,
    int32,
    int64,
    isdtype,
    nan,
    newaxis,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .namespace.elementwise import clip, pow, sign, where
from .rules.contraction import matmul
from .rules.elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    ceil,
    conj,
    copysign,
    cos,
    cosh,
    divide,
    equal,
    exp,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    hypot,
    imag,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    positive,
    real,
    reciprocal,
    remainder,
    round,
    signbit,
    sin,
    sinh,
    sqrt,
    square,
    stop_gradient,
    subtract,
    tan,
    tanh,
    trunc,
)
from .rules.linalg import diagonal
from .rules.special import logaddexp
from .rules.structural import matrix_transpose
from .namespace import fft, linalg, special
from .namespace.assignment import add_at, set_at
from .namespace.contractions import einsum, outer, tensordot, vecdot
from .namespace.creation import (
    arange,
    asarray,
    empty,
    empty_like,
    eye,
    from_dlpack,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from .namespace.data_types import astype, can_cast, finfo, iinfo, result_type
from .namespace.manipulation import (
    broadcast_arrays,
    broadcast_to,
    concat,
    expand_dims,
    flip,
    meshgrid,
    moveaxis,
    pad,
    permute_dims,
    repeat,
    reshape,
    roll,
    squeeze,
    stack,
    take,
    take_along_axis,
    tile,
    tril,
    triu,
    unstack,
)
from .namespace.reductions import (
    cumulative_prod,
    cumulative_sum,
    diff,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from .namespace.searching import (
    all,
    any,
    argmax,
    argmin,
    argsort,
    count_nonzero,
    nextafter,
    nonzero,
    searchsorted,
    sort,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
)
from .namespace.windows import convolve, max_pool, mean_pool, sliding_windows
from .loops.scan import fori_loop, scan
from .transformations.reverse import grad

__array_api_version__ = "2024.12"
