"""Finding models and backends by name: entry points, or a file path on the command line.

Nothing of a framework is imported here: a backend is an `Entry` until a worker loads it.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import sys
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

from adbench.backends.catalog import Entry
from adbench.cases.messages import UnusablePlugin, as_sentence, describe_exception
from adbench.cases.model import Model, SpecError
from adbench.cases.text import plain_name
from adbench.cases.user_file import UserFile, check_path, run_file, run_file_once
from adbench.functions.native_reading import with_function
from adbench.suggesting.suggestions import Place, at_suggestion, suggest

MODELS_GROUP = "adbench.models"
BACKENDS_GROUP = "adbench.backends"
FILE_STAGING = "file"
"""The staging in the name of a backend that is defined in a file of the user's."""
BY = " by "
"""What stands between the name of a model and that of the argument that it is differentiated by."""
LONGEST_CALL = 100
"""Models of so many arguments are looked through for one by its name."""
DISTRIBUTION = "adbench"
"""The distribution whose models are ours; those of others are imported in a worker alone."""


@dataclass(frozen=True)
class ModelSource:
    """A model and where it was found, in a form that a worker can find again.

    origin: "entry:NAME", "file:" with its path, its name, the digest of the file's text and, where
    it has example arguments, a digest of these as JSON, "attribute:" with a module, the name of one
    of its values and that digest, or "module:MODULE:NAME" for a value of the module's mapping
    `MODELS`;
    "active:POSITION:TITLE:ORIGIN" for a model that is differentiated with respect to another of its
    arguments.
    """

    model: Model
    origin: str

    @property
    def is_at_suggested_point(self) -> bool:
        """Whether the model is one at a point that was suggested for it."""
        return self.origin.startswith("point:")

    def by_argument(self, position: int, title: str) -> ModelSource:
        """Return the same model, differentiated with respect to another argument.

        title: what the argument is called.
        """
        name = f"{self.model.name}{BY}{title}"
        model = replace(self.model, name=name, active=position)
        return ModelSource(model, f"active:{position}:{title}:{self.origin}")

    def by_point(self, place: Place, index: int) -> ModelSource:
        """Return the same model at a point that is suggested for it.

        index: the number of the suggestion among those for the place.
        """
        suggestion = suggest(self.model, *place)[index]
        model = at_suggestion(self.model, suggestion)
        return ModelSource(model, f"point:{json.dumps([*place, index, self.origin])}")


def models() -> dict[str, ModelSource]:
    """Return the models that come with adbench by name, in alphabetical order."""
    points = [point for point in _points(MODELS_GROUP) if _is_ours(point)]
    sources = [_source_of_point(point) for point in sorted(points, key=lambda point: point.name)]
    return {source.model.name: source for source in sources}


def names_of_models() -> list[str]:
    """Return the names of the installed models that a run has which names none, ours first."""
    ours = [name for name, source in models().items() if source.model.by_default]
    return [*ours, *names_of_plugins()]


def names_of_plugins() -> list[str]:
    """Return the names of the models of other packages, which are not imported by this."""
    return sorted(point.name for point in _points(MODELS_GROUP) if not _is_ours(point))


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == DISTRIBUTION


def _source_of_point(point: EntryPoint) -> ModelSource:
    """Import the model that an entry point names."""
    model = _loaded(point)
    if not isinstance(model, Model):
        raise SpecError(
            f"The entry point {point.name!r} in {MODELS_GROUP} names a {type(model).__name__}; "
            f"it must name an adbench.Model ({point.value})."
        )
    if model.name != point.name:
        raise SpecError(
            f"The entry point {point.name!r} in {MODELS_GROUP} names a model called "
            f"{model.name!r}; give both one name."
        )
    return ModelSource(model, f"entry:{point.name}")


def _loaded(point: EntryPoint) -> Any:
    """Import what an entry point names. Raises SpecError where that raises."""
    try:
        return point.load()
    except Exception as error:
        package = "a package" if point.dist is None else f"the package {point.dist.name!r}"
        raise SpecError(
            f"The entry point {point.name!r} in {point.group}, of {package}, cannot be imported: "
            f"{as_sentence(describe_exception(error))} Repair or uninstall the package."
        ) from error


def models_of_file(path: Path) -> list[ModelSource]:
    """Return the models that a file defines at its top level.

    Raises SpecError where it has none, has two of one name, or cannot be run.
    """
    file = _run_models(path)
    models_by_variable = _models_by_variable(path, file)
    # A model that stands in two variables is still one.
    models_by_name = {model.name: model for model in models_by_variable.values()}
    return [_source_in_file(path, file, model) for model in models_by_name.values()]


def _source_in_file(path: Path, file: UserFile, model: Model) -> ModelSource:
    place = json.dumps([str(path.resolve()), model.name, file.digest, *fingerprints(model)])
    return ModelSource(model, f"file:{place}")


def _run_models(path: Path) -> UserFile:
    """Run a file of models."""
    try:
        return run_file(path)
    except ModuleNotFoundError as error:
        raise _lacks_module(path, error) from error


def _lacks_module(path: Path, error: ModuleNotFoundError) -> SpecError:
    return SpecError(f"{path} imports {error.name!r}, which is not installed here; install it.")


def _models_by_variable(path: Path, file: UserFile) -> dict[str, Model]:
    """The models at the top level of a file, by the variables that hold them."""
    completed: dict[int, Model] = {}  # a model that stands in two variables is still one
    models_by_variable = {
        variable: completed.setdefault(id(value), with_function(value))
        for variable, value in vars(file.module).items()
        if isinstance(value, Model)
    }
    if not models_by_variable:
        raise SpecError(
            f"{path} defines no model; assign one at its top level: model = Model(name=..., "
            "function=..., make=..., sizes=...), with `from adbench import Model`."
        )
    variables: dict[str, str] = {}
    for variable, model in models_by_variable.items():
        other = variables.setdefault(model.name, variable)
        if models_by_variable[other] is not model:
            raise SpecError(
                f"{path} has two models called {model.name!r}, in the variables {other} and "
                f"{variable}; rename one."
            )
    return models_by_variable


def _model_of_file(path: Path, name: str) -> ModelSource:
    """The model of a file that is called `name`, or stands in a variable of that name."""
    file = _run_models(path)
    models_by_variable = _models_by_variable(path, file)
    choices = {model.name: model for model in models_by_variable.values()}
    choices = models_by_variable | choices
    if name not in choices:
        raise SpecError(f"{path}: {nearest('model', name, choices)}")
    return _source_in_file(path, file, choices[name])


def find_models(names: Iterable[str]) -> list[ModelSource]:
    """Return the models called `names`, imported in this process.

    Each is the name of an installed model, or the path of a file with models; `file.py:name` is one
    model of a file, by its own name or that of its variable, and `package.module:name` one that is
    a value of a module.
    """
    chosen: list[ModelSource] = []
    for name in names:
        chosen += _models_called(name)
    return distinct(chosen)


def find_model(name: str) -> ModelSource:
    """Return the model called `name`, as `find_models` takes it.

    Raises SpecError where there is none, or where a file holds several.
    """
    sources = find_models([name])
    if len(sources) > 1:
        names = ", ".join(source.model.name for source in sources)
        raise SpecError(
            f"{name} holds {len(sources)} models ({names}); name one of them, as "
            f"{name}:{sources[0].model.name}."
        )
    return sources[0]


def model_among(names: Iterable[str], title: str) -> ModelSource:
    """Return the model whose name in the results is `title`.

    names: where it may be, as `find_models` takes them. A model "f by w" is the model f,
    differentiated with respect to its argument w. Raises SpecError where none is called so.
    """
    sources = find_models(names)
    for source in sources:
        if source.model.name == title:
            return source
    for source in sources:
        argument = title.removeprefix(f"{source.model.name}{BY}")
        names_of_arguments = source.model.argument_names(LONGEST_CALL)
        if argument != title and argument in names_of_arguments:
            return source.by_argument(names_of_arguments.index(argument), argument)
    raise SpecError(
        f"No model is called {plain_name(title)!r} any more; found were "
        f"{', '.join(source.model.name for source in sources)}."
    )


def lines_that_load(source: ModelSource, framework: str) -> str:
    """Return lines of Python that bind `native` to the hand-written function of a model.

    They are "" where it has none for the framework.
    """
    if framework not in source.model.native:
        return ""
    origin = whole_origin(source.origin)
    kind, _, place = origin.partition(":")
    name = place
    if kind == "file":
        path, name, *_ = json.loads(place)
        return (
            "import runpy\n\nimport adbench\n\n"
            f"values = runpy.run_path({path!r}).values()\n"
            "models = [value for value in values if isinstance(value, adbench.Model)]\n"
            f"native = next(m for m in models if m.name == {name!r}).native[{framework!r}]"
        )
    if kind == "attribute":
        module, attribute, *_ = json.loads(place)
        return (
            f"from importlib import import_module\n\n"
            f"native = import_module({module!r}).{attribute}.native[{framework!r}]"
        )
    return (
        f"from adbench.registry import find_models\n\n"
        f"native = find_models([{name!r}])[0].model.native[{framework!r}]"
    )


def _models_called(name: str) -> list[ModelSource]:
    file = file_of(name)
    value = module_of(name)
    if file is None and value is not None:
        return [_model_of_module(*value)]
    if file is None:
        points = {point.name: point for point in _points(MODELS_GROUP)}
        return [_source_of_point(points[_checked("model", name, points)])]
    path, model_name = file
    return [_model_of_file(path, model_name)] if model_name else models_of_file(path)


def file_of(name: str) -> tuple[Path, str] | None:
    """Return the file that the name of a model on the command line stands for.

    With it goes the name of the model in the file, "" where all of them are meant. It is None for
    an installed model.
    """
    if is_path(name) and (Path(name).is_file() or not _MODEL_OF_FILE.fullmatch(name)):
        return Path(name), ""
    parts = _MODEL_OF_FILE.fullmatch(name)
    return None if parts is None else (Path(parts[1]), parts[2])


def module_of(name: str) -> tuple[str, str] | None:
    """Return the module and the value in it that `package.module:name` stands for, or None."""
    parts = _VALUE_OF_MODULE.fullmatch(name)
    return None if parts is None else (parts[1], parts[2])


def _model_of_module(module_name: str, attribute: str) -> ModelSource:
    """The model that is a value of a module, which is imported."""
    model = _value_of_module(module_name, attribute)
    place = json.dumps([module_name, attribute, *fingerprints(model)])
    return ModelSource(model, f"attribute:{place}")


def _value_of_module(module_name: str, attribute: str) -> Model:
    """Import a module, also one of the current folder. Raises SpecError for what is no model."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)  # as `python -m` has it
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        raise SpecError(
            f"{module_name}:{attribute} is of a module that imports {error.name!r}, which is not "
            "found from here."
        ) from error
    except Exception as error:
        description = as_sentence(describe_exception(error, module_name))
        raise SpecError(f"The module {module_name} raised {description}") from error
    value = getattr(module, attribute, None)
    if not isinstance(value, Model):
        raise SpecError(
            f"{module_name}:{attribute} is no model: assign one to it, Model(...), or a function "
            "with example arguments, adbench.case(function, *arguments)."
        )
    return with_function(value)


def fingerprints(model: Model) -> list[str]:
    """Return the digest of the example arguments of a function as it stands; none of others."""
    fingerprint = getattr(model.make, "fingerprint", None)
    return [] if fingerprint is None else [str(fingerprint)]


def _check_fingerprints(model: Model, expected: list[str], place: str) -> Model:
    """Raise SpecError where the example arguments are others than in the process that planned."""
    if fingerprints(model) == expected:
        return model
    raise SpecError(
        f"The case {model.name!r} of {place} has other arguments each time it is imported: let "
        "them be the same in every process, as torch.manual_seed(0) before them does."
    )


_VALUE_OF_MODULE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)
"""`package.module:name`."""

_MODEL_OF_FILE = re.compile(r"(.+?\.py):(.+)", re.DOTALL)
"""`file.py:name`. What follows the first ".py:" is the name, which may have colons of its own."""


def distinct(sources: Iterable[ModelSource]) -> list[ModelSource]:
    """Return sources, each once. Raises SpecError where two different ones have one name."""
    chosen: dict[str, ModelSource] = {}
    for source in sources:
        name = source.model.name
        other = chosen.setdefault(name, source)
        if other.origin != source.origin:
            places = f"{_place_of(other.origin)} and {_place_of(source.origin)}"
            raise SpecError(f"Two models are called {name!r} ({places}); rename one.")
    return list(chosen.values())


def _place_of(origin: str) -> str:
    """Where a model is, in words."""
    kind, _, place = origin.partition(":")
    if kind == "file":
        path, *_ = json.loads(place)
        return f"one in {path}"
    return "the installed one" if kind == "entry" else f"one in {place}"


def load_model(origin: str) -> Model:
    """Return the model that `ModelSource.origin` points to.

    A file is run once in a process. Raises FileChanged where it is no longer what it was.
    """
    kind, _, place = origin.partition(":")
    if kind == "active":
        position, title, whole = place.split(":", 2)
        return ModelSource(load_model(whole), whole).by_argument(int(position), title).model
    if kind == "point":
        *place, index, whole = json.loads(place)
        return ModelSource(_whole_model(whole), whole).by_point(Place(*place), index).model
    if kind == "entry":
        (point,) = (point for point in _points(MODELS_GROUP) if point.name == place)
        return _source_of_point(point).model
    if kind == "module":
        module, _, name = place.partition(":")
        listed: Model = import_module(module).MODELS[name]
        return listed
    if kind == "attribute":
        module, attribute, *expected = json.loads(place)
        return _check_fingerprints(_value_of_module(module, attribute), expected, module)
    file_path, name, digest, *expected = json.loads(place)
    path = Path(file_path)
    try:
        file = run_file_once(path, digest)
    except ModuleNotFoundError as error:
        raise _lacks_module(path, error) from error
    models_by_variable = _models_by_variable(path, file)
    model = next(model for model in models_by_variable.values() if model.name == name)
    return _check_fingerprints(model, expected, str(path))


@lru_cache(maxsize=4)
def _whole_model(origin: str) -> Model:
    """The model whose suggested points are asked for, one object for all of them."""
    return load_model(origin)


def file_of_origin(origin: str) -> Path | None:
    """Return the file that a model is defined in, or None where it is in none of the user's."""
    kind, _, place = whole_origin(origin).partition(":")
    return Path(json.loads(place)[0]) if kind == "file" else None


def whole_origin(origin: str) -> str:
    """Return where a model is, whichever its active argument is and wherever it is looked at."""
    kind, _, place = origin.partition(":")
    if kind == "active":
        return whole_origin(place.split(":", 2)[2])
    if kind == "point":
        return whole_origin(json.loads(place)[-1])
    return origin


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
    """Return all backends by name, those included that a run has only where they are named.

    What another package offers and cannot be imported is left out, with an UnusablePlugin warning.
    """
    order = ("reference", "torch", "jax", "tensorflow", "differences")
    points = sorted(
        _points(BACKENDS_GROUP),
        key=lambda point: (
            order.index(point.name) if point.name in order else len(order),
            point.name,
        ),
    )
    return {entry.name: entry for point in points for entry in _entries_of(point)}


def _entries_of(point: EntryPoint) -> tuple[Entry, ...]:
    """The backends that an entry point names; none where it is another package's, and at fault."""
    try:
        entries = tuple(_loaded(point))
        if not all(isinstance(entry, Entry) for entry in entries):
            raise SpecError(
                f"The entry point {point.name!r} in {point.group} names something else than "
                f"adbench.extend.Entry records ({point.value}); name a sequence of these."
            )
    except (SpecError, TypeError) as error:
        if _is_ours(point):
            raise
        warnings.warn(str(error), UnusablePlugin, stacklevel=2)
        return ()
    return entries


def find_backends(names: Iterable[str]) -> list[Entry]:
    """Return the backends called `names`.

    "torch:eager", "torch" for its default staging, or a file's path. The backend of a file is
    called by the file, "mine:file"; where another file or a framework is called so, by its folder
    too, "old/mine:file".
    """
    names = list(names)
    of_files = _backends_of_files([name for name in names if is_path(name)])
    entries = [of_files[name] if is_path(name) else _backend_called(name) for name in names]
    return list({entry.name: entry for entry in entries}.values())


def _backend_called(name: str) -> Entry:
    by_name = all_backends()
    default_stagings: dict[str, Entry] = {}
    for candidate in by_name.values():
        default_stagings.setdefault(candidate.framework, candidate)
    choices = default_stagings | by_name
    return choices[_checked("backend", name, choices)]


def _backends_of_files(names: Collection[str]) -> dict[str, Entry]:
    """The backends of files, by the paths that were given."""
    places: dict[str, Path] = {}
    for name in names:
        check_path(Path(name))
        if not Path(name).is_file():
            raise SpecError(
                f"There is no file {name}; give the path of a Python file with a Backend subclass."
            )
        places[name] = Path(name).resolve()
    if not places:
        return {}
    frameworks = {entry.framework for entry in all_backends().values()}
    titles = _distinct_titles(set(places.values()), frameworks)
    staging = FILE_STAGING
    return {
        name: Entry(f"{titles[place]}:{staging}", f"{place}:") for name, place in places.items()
    }


def _distinct_titles(places: Collection[Path], taken: Collection[str]) -> dict[Path, str]:
    """What files are called: by their names, and by as many folders as it takes to be the only one.

    taken: what none of them may be called.
    """
    titles: dict[Path, str] = {}
    for place in places:
        for length in range(1, 1 + len(place.parts)):
            titles[place] = _title(place, length)
            others = {_title(other, length) for other in places if other != place}
            if titles[place] not in others | set(taken):
                break
    return titles


def _title(place: Path, length: int) -> str:
    """The last parts of a path without its suffix; a colon would end the name of a framework."""
    parts = place.with_suffix("").parts[-length:]
    return "/".join(part.strip("/") for part in parts).replace(":", "_")


def load_backend(load: str) -> Any:
    """Import the class that `Entry.load` names and return an instance.

    The framework is imported by this. Raises SpecError for a file that cannot be imported or has no
    backend, and ModuleNotFoundError where the framework of any other is not installed.
    """
    place, _, attribute = load.rpartition(":")
    if not is_path(place):
        return getattr(import_module(place), attribute)()
    try:
        return _backend_of_file(Path(place), attribute)
    except ModuleNotFoundError as error:
        raise _lacks_module(Path(place), error) from error


def _backend_of_file(path: Path, attribute: str) -> Any:
    from adbench.backends.base import Backend

    module = run_file(path).module
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
            f"{path} defines {len(classes)} subclasses of adbench.extend.Backend; it must "
            "define exactly one."
        )
    return classes[0]()


def file_of_backend(entry: Entry) -> Path | None:
    """Return the file that a backend is defined in, or None where it is in none of the user's."""
    place = entry.load.rpartition(":")[0]
    return Path(place) if is_path(place) else None


@lru_cache  # reading the metadata of a distribution takes milliseconds
def _version_of(distribution: str) -> str:
    return version(distribution)


def installed_version(entry: Entry) -> str | None:
    """Return the version of a backend's framework without importing it.

    It is None where the framework is not installed.
    """
    if entry.requires is None:
        return version("adbench") if entry.load.startswith("adbench.") else ""
    try:
        if importlib.util.find_spec(entry.requires) is None:
            return None
        return _version_of(entry.distribution or entry.requires)
    except (PackageNotFoundError, ValueError):
        return None


def missing_framework(entry: Entry) -> str:
    """Return what is not installed that a backend needs, and how to add it.

    It is "" where everything is there.
    """
    if installed_version(entry) is not None:
        return ""
    return f"{entry.requires} is not installed; `pip install {entry.distribution}` adds it."


def is_path(name: str) -> bool:
    """Whether a name on the command line is the path of a Python file."""
    return name.endswith(".py")


def _points(group: str) -> list[EntryPoint]:
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
