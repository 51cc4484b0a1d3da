"""Where the audited project stands in its repository."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH110, PTH118, PTH120

import os


def repository_prefix(root: str) -> str:
    """Return the path of a project's folder from the root of its git repository.

    Services that show findings beside the source know files by their paths in the repository.

    Args:
        root: Absolute path of the project's folder.

    Returns:
        The path with a ``/`` at its end; empty for the repository's root, and where there is none.
    """
    folder = root
    while not os.path.exists(os.path.join(folder, ".git")):  # a file, in a work tree
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
    inner = os.path.relpath(root, folder).replace(os.sep, "/")
    return "" if inner == "." else f"{inner}/"
