"""Automatic differentiation on NumPy arrays: forward, reverse and Taylor mode, nested freely."""

from . import numpy as numpy
from .compiler.compile import compile as compile
from .engine import tree as tree
from .namespace import linalg as linalg
from .namespace import operators as operators  # gives the tracers theirs
from .namespace import special as special
from .rules.elementwise import stop_gradient as stop_gradient
from .rules.original import original_rules as original_rules
from .transformations.batching import vmap as vmap
from .transformations.custom import checkpoint as checkpoint
from .transformations.custom import custom_jvp as custom_jvp
from .transformations.custom import custom_vjp as custom_vjp
from .transformations.forward import jacfwd as jacfwd
from .transformations.forward import jvp as jvp
from .transformations.forward import linearize as linearize
from .transformations.reverse import grad as grad
from .transformations.reverse import hessian as hessian
from .transformations.reverse import hvp as hvp
from .transformations.reverse import jacrev as jacrev
from .transformations.reverse import value_and_grad as value_and_grad
from .transformations.reverse import vjp as vjp
from .transformations.taylor import jet as jet
