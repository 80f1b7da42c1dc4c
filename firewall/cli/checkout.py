"""What only a checkout of the repository has: recipes and pictures, run as programs of their own.

The service and its package know neither torch nor matplotlib (a contract in pyproject.toml holds that), so commands
that need them start the program beside the package and hand it their arguments.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import firewall
from firewall.errors import ConfigurationError
from firewall.settings import Settings

_INTERRUPTED = 130  # what a shell answers for Ctrl-C


def root(settings: Settings, needed: str, why: str) -> Path:
    """Return the checkout that holds a file: this folder, the one around the models, or the one the package runs from.

    Raises:
        ConfigurationError: if none of them holds it; it says what needs it (`why`) and how to get one.
    """
    for folder in _candidates(settings):
        if (folder / needed).is_file():
            return folder
    raise ConfigurationError(
        f"{why} needs {needed}, which only a checkout of the repository has: run the command in its folder, or set "
        "FIREWALL_MODELS_DIR to its folder `models`"
    )


def _candidates(settings: Settings) -> Iterator[Path]:
    yield Path.cwd()
    yield settings.models_dir.resolve().parent
    yield Path(firewall.__file__).resolve().parent.parent


def require_module(name: str, why: str, package: str) -> None:
    """Refuse to go on where a Python module is not installed; `package` is what pip is told to install.

    Raises:
        ConfigurationError: with the line that installs it.
    """
    if importlib.util.find_spec(name) is None:
        raise ConfigurationError(f"{why}, which is not installed here: {sys.executable} -m pip install {package}")


def run(folder: Path, module: str, *arguments: str, given: str | None = None) -> None:
    """Run a module of a checkout in its folder, on this terminal; `given` is what it reads from standard input.

    Raises:
        SystemExit: with the module's exit code, if that is not 0.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", module, *arguments], cwd=folder, input=given, text=True, check=False
        )
    except KeyboardInterrupt:  # the module has heard of it as well and has said what is to say
        raise SystemExit(_INTERRUPTED) from None
    if done.returncode:
        raise SystemExit(done.returncode)
