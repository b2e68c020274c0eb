"""`leadctl runs`: what was done, and going on with what was not finished.

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
