"""Finding models and backends by name: entry points, or a file path on the command line.

Nothing of a framework is imported here: a backend is an `Entry` until a worker loads it.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any

from adbench.backends.catalog import Entry
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import Model, SpecError
from adbench.cases.text import plain_name

MODELS_GROUP = "adbench.models"
BACKENDS_GROUP = "adbench.backends"


@dataclass(frozen=True)
class ModelSource:
    """A model and where it was found, in a form that a worker can find again.

    origin: "entry:NAME", "file:PATH:NAME", or "module:MODULE:NAME" for a value of the module's
    mapping `MODELS`; "active:POSITION:ORIGIN" for a model that is differentiated with respect to
    another of its arguments.
    """

    model: Model
    origin: str

    def by_argument(self, position: int, title: str) -> ModelSource:
        """Return the same model, differentiated with respect to another argument.

        title: what the argument is called.
        """
        name = f"{self.model.name} by {title}"
        model = replace(self.model, name=name, active=position)
        return ModelSource(model, f"active:{position}:{title}:{self.origin}")


def models() -> dict[str, ModelSource]:
    """Return the installed models by name, in alphabetical order."""
    sources = {}
    for point in sorted(_points(MODELS_GROUP), key=lambda point: point.name):
        model = point.load()
        if not isinstance(model, Model):
            raise SpecError(
                f"The entry point {point.name!r} in {MODELS_GROUP} names a {type(model).__name__}; "
                f"it must name an adbench.Model ({point.value})."
            )
        sources[model.name] = ModelSource(model, f"entry:{point.name}")
    return sources


def models_of_file(path: Path) -> list[ModelSource]:
    """Return the models that a file defines at its top level.

    Raises SpecError where it has none or cannot be run.
    """
    # A model that the file merely imported under another name is still listed once.
    models_by_name = {model.name: model for model in _models_by_variable(path).values()}
    return [_source_in_file(path, model) for model in models_by_name.values()]


def _source_in_file(path: Path, model: Model) -> ModelSource:
    return ModelSource(model, f"file:{path.resolve()}:{model.name}")


def _models_by_variable(path: Path) -> dict[str, Model]:
    """The models at the top level of a file, by the variables that hold them."""
    try:
        module = _module_of_file(path)
    except ModuleNotFoundError as error:
        raise SpecError(
            f"{path} imports {error.name!r}, which is not installed here; install it first."
        ) from error
    models_by_variable = {
        variable: value for variable, value in vars(module).items() if isinstance(value, Model)
    }
    if not models_by_variable:
        raise SpecError(
            f"{path} defines no model; assign one at its top level: model = Model(name=..., "
            "function=..., make=..., sizes=...), with `from adbench import Model`."
        )
    return models_by_variable


def _model_of_file(path: Path, name: str) -> ModelSource:
    """The model of a file that is called `name`, or stands in a variable of that name."""
    models_by_variable = _models_by_variable(path)
    choices = {model.name: model for model in models_by_variable.values()}
    choices = models_by_variable | choices
    if name not in choices:
        raise SpecError(f"{path}: {nearest('model', name, choices)}")
    return _source_in_file(path, choices[name])


def find_models(names: Iterable[str]) -> list[ModelSource]:
    """Return the models called `names`.

    Each is the name of an installed model, or the path of a file with models; `file.py:name` is one
    model of a file, by its own name or that of its variable.
    """
    chosen: dict[str, ModelSource] = {}
    for name in names:
        path, _, model_name = name.rpartition(":")
        if is_path(name):
            sources = models_of_file(Path(name))
        elif is_path(path):
            sources = [_model_of_file(Path(path), model_name)]
        else:
            installed = models()
            sources = [installed[_checked("model", name, installed)]]
        for source in sources:
            clash = chosen.get(source.model.name)
            if clash is not None and clash.origin != source.origin:
                raise SpecError(
                    f"Two models are called {source.model.name!r} ({clash.origin} and "
                    f"{source.origin}); rename one."
                )
            chosen[source.model.name] = source
    return list(chosen.values())


def load_model(origin: str) -> Model:
    """Return the model that `ModelSource.origin` points to."""
    kind, _, place = origin.partition(":")
    if kind == "active":
        position, title, whole = place.split(":", 2)
        return ModelSource(load_model(whole), whole).by_argument(int(position), title).model
    if kind == "entry":
        (point,) = (point for point in _points(MODELS_GROUP) if point.name == place)
        model: Model = point.load()
        return model
    if kind == "module":
        module, _, name = place.partition(":")
        listed: Model = import_module(module).MODELS[name]
        return listed
    path, _, name = place.rpartition(":")
    return next(source.model for source in models_of_file(Path(path)) if source.model.name == name)


def backends() -> dict[str, Entry]:
    """Return the backends of a run that names none, by name, ordered by framework.

    Of each framework the default staging is first.
    """
    return {name: entry for name, entry in all_backends().items() if entry.by_default}


def further_stagings() -> list[Entry]:
    """Return the backends that such a run asks where models have stagings compared, and only there.

    They are ordered like `backends`.
    """
    return [
        entry for entry in all_backends().values() if entry.in_stagings and not entry.by_default
    ]


def all_backends() -> dict[str, Entry]:
    """Return all backends by name, those included that a run has only where they are named."""
    order = ("reference", "torch", "jax", "tensorflow", "differences")
    points = sorted(
        _points(BACKENDS_GROUP),
        key=lambda point: (
            order.index(point.name) if point.name in order else len(order),
            point.name,
        ),
    )
    entries: Mapping[str, Entry] = {entry.name: entry for point in points for entry in point.load()}
    return dict(entries)


def find_backends(names: Iterable[str]) -> list[Entry]:
    """Return the backends called `names`.

    "torch:eager", "torch" for its default staging, or a file's path.
    """
    chosen: dict[str, Entry] = {}
    for name in names:
        if is_path(name):
            if not Path(name).is_file():
                raise SpecError(
                    f"There is no file {name}; give the path of a Python file with a Backend "
                    "subclass."
                )
            entry = Entry(f"{Path(name).stem}:file", f"{Path(name).resolve()}:")
        else:
            by_name = all_backends()
            default_stagings: dict[str, Entry] = {}
            for candidate in by_name.values():
                default_stagings.setdefault(candidate.framework, candidate)
            choices = default_stagings | by_name
            entry = choices[_checked("backend", name, choices)]
        chosen[entry.name] = entry
    return list(chosen.values())


def load_backend(load: str) -> Any:
    """Import the class that `Entry.load` names and return an instance.

    The framework is imported by this.
    """
    place, _, attribute = load.rpartition(":")
    if not is_path(place):
        return getattr(import_module(place), attribute)()
    from adbench.backends.base import Backend

    module = _module_of_file(Path(place))
    if attribute:
        return getattr(module, attribute)()
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Backend)
        and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise SpecError(
            f"{place} defines {len(classes)} subclasses of adbench.extend.Backend; it must "
            "define exactly one."
        )
    return classes[0]()


def installed_version(entry: Entry) -> str | None:
    """Return the version of a backend's framework without importing it.

    It is None where the framework is not installed.
    """
    if entry.requires is None:
        return version("adbench") if entry.load.startswith("adbench.") else ""
    try:
        if importlib.util.find_spec(entry.requires) is None:
            return None
        return version(entry.distribution or entry.requires)
    except (PackageNotFoundError, ValueError):
        return None


def is_path(name: str) -> bool:
    """Whether a name on the command line is the path of a Python file."""
    return name.endswith(".py")


def _points(group: str) -> list[Any]:
    points = {point.name: point for point in entry_points(group=group)}
    if not points:
        raise SpecError(
            "adbench is not installed in this Python; run `make run`, or `pip install .` in its "
            "folder."
        )
    return list(points.values())


def nearest(kind: str, name: str, known_names: Iterable[str]) -> str:
    """Return the sentence for an unknown name, with the nearest match among the known ones."""
    name = plain_name(name)
    known_names = list(known_names)
    close = get_close_matches(name, known_names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known_names)}."
    return f"There is no {kind} {name!r}; {hint}"


def _checked(kind: str, name: str, table: Mapping[str, Any]) -> str:
    if name not in table:
        raise SpecError(nearest(kind, name, table))
    return name


def _module_of_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise SpecError(f"There is no file {path}; give the path of a Python file.")
    name = f"_adbench_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if str(path.parent.resolve()) not in sys.path:
        sys.path.append(
            str(path.parent.resolve())
        )  # so that the file can import its neighbours, as a script can
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise SpecError(
            f"{path} is not valid Python: {error.msg} in line {error.lineno}."
        ) from error
    except ModuleNotFoundError:
        raise  # a framework that is not installed is an outcome of its own
    except (Exception, SystemExit) as error:
        description = describe_exception(error, module.__file__ or "")
        raise SpecError(as_sentence(f"{path} raised {description}")) from error
    return module
