"""`leadctl runs`: list runs, and finish those that are not finished.

Importing a module of commands adds them.
"""

from leadctl.cli.runs import (  # noqa: F401  as said
    finish,
    inspect,
    listing,
    share,
    stop,
    undo,
    upkeep,
)
