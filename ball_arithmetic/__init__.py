"""Ball arithmetic for `reference_ad`.

Arrays of FLINT's balls, and of power series with balls for coefficients.

Importing this package is what teaches the engine about them. Its derivative rules then hold for
such arrays as they do for NumPy's: every result encloses the exact one, at the precision set by
`precision`. A comparison that the balls leave
open is neither true nor false: `where` and what is built on it answer with the hull of both
branches, in value and derivative; Python's `if`, sorting and indexing raise `UndecidedError`. Where
balls are equal and exact, the conventions at kinks apply, as they do for floats.

The elements are `flint.arb` (real), `flint.acb` (complex) and `flint.arb_series` (values only: not
differentiated).
"""

from reference_ad.engine.elements import ElementArray as ElementArray
from reference_ad.engine.elements import UndecidedError as UndecidedError
from reference_ad.engine.elements import install

from .conversions import coefficients as coefficients
from .conversions import contains as contains
from .conversions import midpoints as midpoints
from .conversions import numbers as numbers
from .conversions import radii as radii
from .conversions import series as series
from .elements import precision as precision
from .elements import series_length as series_length
from .linear_algebra import EigenvaluesMeetError as EigenvaluesMeetError
from .linear_algebra import SingularMatrixError as SingularMatrixError
from .namespace import namespace as namespace
from .namespace import xp as xp
from .table import ARITHMETIC as ARITHMETIC

install(ARITHMETIC)
