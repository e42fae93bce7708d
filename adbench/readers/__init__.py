"""Readers: a framework's function as a model's, `function(xp, *arguments)`.

Each framework has a module of its name with `read(function, arguments) -> Reading`, and its tables
of operations beside it.
"""

from adbench.readers.reading import Reading as Reading
from adbench.readers.reading import Unreadable as Unreadable
from adbench.readers.reading import register as register
