"""Automatic differentiation on NumPy arrays: forward and reverse mode, nested in any order."""

from . import numpy as numpy
from . import operators as operators  # gives the tracers theirs
from . import scalars as scalars
from .compile import compile as compile
from .custom import checkpoint as checkpoint
from .custom import custom_jvp as custom_jvp
from .custom import custom_vjp as custom_vjp
from .forward import jacfwd as jacfwd
from .forward import jvp as jvp
from .forward import linearize as linearize
from .reverse import grad as grad
from .reverse import hessian as hessian
from .reverse import hvp as hvp
from .reverse import jacrev as jacrev
from .reverse import value_and_grad as value_and_grad
from .reverse import vjp as vjp
from .rules_elementwise import stop_gradient as stop_gradient
