"""A key of the user's own, by which a cache is known to be this program's before it is unpacked.

What `marshal` unpacks can break the interpreter (docs.python.org/3/library/marshal.html), and a
tree to be audited may come from anybody, with a cache that they made.
"""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH103, PTH105, PTH108, PTH111, PTH118, PTH120, PTH123

import hashlib
import os
from contextlib import suppress
from typing import Final

SIZE: Final = 20
"""Bytes of a signature."""
_KEY_BYTES: Final = 32


def sign(data: bytes) -> bytes | None:
    """Return what nobody without the user's key can make of some bytes; None without a key."""
    key = _key()
    if key is None:
        return None
    return hashlib.blake2b(data, key=key, digest_size=SIZE).digest()


def _key() -> bytes | None:
    """Return the user's key, made where there is none yet; None where it cannot be kept."""
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = os.path.join(folder, "trunkline", "audit.key")
    try:
        return _read(path) or _make(path)
    except OSError:
        return None


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            key = file.read()
    except FileNotFoundError:
        return None
    return key if len(key) == _KEY_BYTES else None


def _make(path: str) -> bytes | None:
    """Write a key that only the user can read; of several that do so at once the last counts."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.urandom(8).hex()}"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return _read(path)
