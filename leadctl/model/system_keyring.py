"""Reads and writes the system keyring; refuses backends that store plain text."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend

SERVICE = "leadctl"
"""Secrets lie in the keyring under this; the user name is `<account>/<secret>`."""

_UNUSABLE = {
    "keyring.backends.fail.Keyring": "none installed on this machine",
    "keyring.backends.null.Keyring": "disabled",
    "keyrings.alt.file.PlaintextKeyring": "it stores secrets as plain text",
}


class NoKeyring(Exception):
    """No keyring can be used; says why."""


def in_use() -> str:
    """Return the keyring's name; raises NoKeyring if nothing can be stored."""
    with _translated():
        found = type(_backends()[0])
        return f"{found.__module__}.{found.__qualname__}"


def read(entry: str) -> str:
    """Return a secret; empty if there is none, or no keyring."""
    try:
        with _translated():
            found = (each.get_password(SERVICE, entry) for each in _backends())
            return next((secret for secret in found if secret), "")
    except NoKeyring:
        return ""


def store(entry: str, secret: str) -> None:
    with _translated():
        keyring = _backends()[0]
        keyring.set_password(SERVICE, entry, secret)
        kept = keyring.get_password(SERVICE, entry) == secret
    if not kept:
        raise NoKeyring("it does not return what was stored")


def forget(entry: str) -> bool:
    """Remove a secret; returns whether one was there."""
    with _translated():
        there = [each for each in _backends() if each.get_password(SERVICE, entry)]
        for keyring in there:
            keyring.delete_password(SERVICE, entry)
        return bool(there)


def _backends() -> list[KeyringBackend]:
    """Return the keyrings to look into, the one to store in first."""
    import keyring  # noqa: PLC0415  slow to import
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415  the same

    chosen = keyring.get_keyring()
    chain = chosen.backends if isinstance(chosen, ChainerBackend) else [chosen]
    reasons = {each: _objection(each) for each in chain}
    good = [each for each in chain if reasons[each] is None]
    if not good:
        raise NoKeyring(next(filter(None, reasons.values()), "none installed"))
    return good


def _objection(backend: KeyringBackend) -> str | None:
    kinds = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(backend).__mro__)
    return next((_UNUSABLE[kind] for kind in kinds if kind in _UNUSABLE), None)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NoKeyring:
        raise
    except Exception as error:  # noqa: BLE001  a missing module, D-Bus, a wrong password
        raise NoKeyring(f"it failed ({type(error).__name__})") from None
