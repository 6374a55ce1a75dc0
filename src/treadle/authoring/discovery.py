"""Finding the handlers in a folder of task files. This runs people's code: only worker processes may do it."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Final, NamedTuple

from treadle.authoring.decorators import AnyHandler, Collection, Handler, collecting
from treadle.authoring.registry import Registry
from treadle.authoring.tasks import BaseTask
from treadle.authoring.types import forget

_PACKAGE: Final = "_treadle_tasks_"
_DIGITS: Final = 12
_PRIVATE: Final = re.compile(rf"\b{_PACKAGE}[0-9a-f]{{{_DIGITS}}}\.")


class Failure(NamedTuple):
    """A file whose handlers are not there, and why. `detail` is the traceback, from the file on."""

    file: str
    message: str
    detail: str


class Discovery(NamedTuple):
    """What a folder of task files holds."""

    registry: Registry
    failures: tuple[Failure, ...]


def discover(*folders: Path) -> Discovery:
    """Imports every `*.py` below the folders and collects the handlers that the files declare or import.

    Files and folders whose names begin with `_` or `.` are helpers, and imported only by others: the files form a
    private package, in which `from ._shared import name` works. A file that does not import, or declares a type that
    is taken, is reported and left out as a whole while the others load. Called again, it reads everything anew.
    """
    registry = Registry()
    failures: list[Failure] = []
    for folder in folders:
        _discover(folder.resolve(), registry, failures)
    return Discovery(registry, tuple(failures))


def _discover(folder: Path, registry: Registry, failures: list[Failure]) -> None:
    with collecting(folder.parent) as collection:
        package = _open_package(folder, failures)
        for file in _task_files(folder):
            shown = file.relative_to(folder.parent).as_posix()
            name = ".".join((package, *file.relative_to(folder).with_suffix("").parts))
            try:
                module = importlib.import_module(name)
                registry.add(*_handlers(module, collection))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - people's code may raise anything; it is reported
                failures.append(_failure(shown, error))


def _open_package(folder: Path, failures: list[Failure]) -> str:
    """Makes the private package of a folder, without what an earlier discovery left of it, and returns its name."""
    name = f"{_PACKAGE}{hashlib.sha256(str(folder).encode()).hexdigest()[:_DIGITS]}"
    forget(name)
    for known in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
        del sys.modules[known]
    importlib.invalidate_caches()
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    init = folder / "__init__.py"
    spec = spec_from_file_location(name, init, submodule_search_locations=[str(folder)]) if init.exists() else None
    if spec is not None and spec.loader is not None:
        package = module_from_spec(spec)
    sys.modules[name] = package
    if spec is not None and spec.loader is not None:
        try:
            spec.loader.exec_module(package)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            failures.append(_failure(f"{folder.name}/__init__.py", error))
    return name


def _task_files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*.py")):
        if not any(part.startswith(("_", ".")) for part in file.relative_to(folder).parts):
            yield file


def _handlers(module: ModuleType, collection: Collection) -> Iterator[AnyHandler]:
    """What a file declares, be its name taken by a later function, and what it imports."""
    yield from (handler for handler in collection.handlers if handler.function.__module__ == module.__name__)
    for value in vars(module).values():
        found = getattr(value, "handler", None) if inspect.isclass(value) and issubclass(value, BaseTask) else value
        if isinstance(found, Handler):
            yield found


def own_trace(error: BaseException) -> TracebackType | None:
    """Where an error came along, from the first line of task files on; None where it never came there."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        trace = trace.tb_next
    return trace


def as_written(text: str) -> str:
    """A text in which the modules of task files are called as their author calls them."""
    return _PRIVATE.sub("", text)


def _failure(file: str, error: BaseException) -> Failure:
    detail = "".join(traceback.format_exception(type(error), error, own_trace(error)))
    return Failure(file, f"{type(error).__name__}: {error}", as_written(detail))
