"""What a program printed before it failed, made fit for a sentence, here as on hosts: their module does it."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from deploy.base.paths import KIT


def _of_hosts() -> ModuleType:
    path = KIT / "ansible" / "module_utils" / "puerto" / "program_output.py"
    spec = spec_from_file_location("program_output", path)
    if not spec or not spec.loader:
        raise ImportError(f"{path}: can't be imported")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_MODULE = _of_hosts()

plain: Callable[[str], str] = _MODULE.plain
last_lines: Callable[[str], str] = _MODULE.last_lines
package_error: Callable[[str], str] = _MODULE.package_error


def last_line(text: str) -> str:
    """Return the last line that isn't blank, without colours."""
    return last_lines(text).rpartition("\n")[2]
