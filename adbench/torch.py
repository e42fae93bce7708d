"""Drop-ins for the gradient checks of `torch.autograd`: `gradcheck` and `gradgradcheck`.

from adbench.torch import gradcheck, gradgradcheck
"""

from adbench.checking.numerical import NumericalCheck as NumericalCheck
from adbench.checking.torch_gradcheck import GradcheckError as GradcheckError
from adbench.checking.torch_gradcheck import gradcheck as gradcheck
from adbench.checking.torch_gradcheck import gradgradcheck as gradgradcheck
