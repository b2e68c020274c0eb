"""`leadctl runs`: what was done, and going on with what was not finished.

Importing a module of commands adds them.
"""

from leadctl.cli.runs import finish, inspect, share, stop, undo, upkeep  # noqa: F401  as said
