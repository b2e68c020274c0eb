"""`leadctl runs`: importing a module of commands adds them."""

from leadctl.cli.runs import finish, inspect, listing, undo  # noqa: F401  as said
