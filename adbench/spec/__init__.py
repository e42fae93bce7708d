"""What is asked: models, operators, modes and cases. `Inputs` live in `adbench.spec.inputs`, which needs NumPy."""

from adbench.spec.case import DTYPES as DTYPES
from adbench.spec.case import Case as Case
from adbench.spec.model import Model as Model
from adbench.spec.model import SpecError as SpecError
from adbench.spec.operators import MODES as MODES
from adbench.spec.operators import Mode as Mode
from adbench.spec.operators import Operator as Operator
