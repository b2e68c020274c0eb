"""`leadctl runs`: list runs, and finish those that are not finished.

Importing a module of commands adds them.
"""

from leadctl.cli.runs import finish, inspect, listing, undo  # noqa: F401  as said
