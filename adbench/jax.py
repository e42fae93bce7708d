"""Drop-in for the gradient check of `jax.test_util`: `check_grads`.

from adbench.jax import check_grads
"""

from adbench.checking.jax_check_grads import check_grads as check_grads
from adbench.checking.numerical import NumericalCheck as NumericalCheck
