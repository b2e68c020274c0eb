"""leadctl imports leads into outbound dialers: `leadctl.push`, `check`, `preview`.

The names below are the public API; each is loaded on first use.
"""

TYPE_CHECKING = False  # importing typing for it would slow every start
if TYPE_CHECKING:
    from leadctl.api import check, find, load_config, open_ledger, preview, push, resume
    from leadctl.config.config import Account
    from leadctl.importing.job import Job
    from leadctl.model import errors
    from leadctl.model.leads import Code, Status
    from leadctl.reports.report import Report

__version__ = "0.1.0"

__all__ = [
    "Account",
    "Code",
    "Job",
    "Report",
    "Status",
    "check",
    "errors",
    "find",
    "load_config",
    "open_ledger",
    "preview",
    "push",
    "resume",
]

_HOMES = {
    "Account": "config.config",
    "Code": "model.leads",
    "Job": "importing.job",
    "Report": "reports.report",
    "Status": "model.leads",
}
"""The modules of public names that are not in api.py."""


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'leadctl' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  when it is needed

    if name == "errors":
        return import_module("leadctl.model.errors")
    home = import_module(f"leadctl.{_HOMES.get(name, 'api')}")
    return getattr(home, name)
