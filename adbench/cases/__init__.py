"""What is asked: models, operators, modes and cases.

`Inputs` live in `adbench.cases.inputs`, which needs NumPy.
"""

from adbench.cases.case import DTYPES as DTYPES
from adbench.cases.case import Case as Case
from adbench.cases.model import Model as Model
from adbench.cases.model import SpecError as SpecError
from adbench.cases.operators import MODES as MODES
from adbench.cases.operators import Mode as Mode
from adbench.cases.operators import Operator as Operator
