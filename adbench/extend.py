"""All that the author of an adapter or of a namespace imports; docs/backends.md shows how.

Nothing of a framework is imported by this.
"""

from __future__ import annotations

from adbench.backends.base import Answer as Answer
from adbench.backends.base import Backend as Backend
from adbench.backends.base import Call as Call
from adbench.backends.base import Function as Function
from adbench.backends.base import Layout as Layout
from adbench.backends.base import Memory as Memory
from adbench.backends.base import Unsupported as Unsupported
from adbench.backends.base import routed as routed
from adbench.backends.catalog import Entry as Entry
from adbench.cases.case import numpy_dtype as numpy_dtype
from adbench.cases.operators import Mode as Mode
from adbench.cases.operators import Operator as Operator
from adbench.namespaces.namespace import EXTENSIONS as EXTENSIONS
from adbench.namespaces.namespace import SPECIAL as SPECIAL
from adbench.namespaces.namespace import Namespace as Namespace
from adbench.namespaces.namespace import missing as missing
from adbench.namespaces.numpy import numpy as numpy
from reference_ad.engine import tree as tree
