"""The walk finds a tree's own sources, in order, whatever links and folders are in the way."""

import os

import pytest

from trunkline_runtime.inspection.files import FileWalk, shown_path


def walked(root, files=1000, entries=10_000, step=3):
    walk = FileWalk(root, files, entries)
    while walk.advance(step):
        pass
    return walk.listing


def make(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")


def test_sources_are_listed_in_the_order_of_their_names(tmp_path):
    make(tmp_path, "b.py", "a/z.py", "a/b/c.py", "c/d.py", "a.py", "readme.md", "data.pyc")
    listing = walked(tmp_path)
    assert listing.paths == ["a.py", "b.py", "a/z.py", "a/b/c.py", "c/d.py"]
    assert listing.complete


def test_links_are_counted_and_not_followed(tmp_path):
    make(tmp_path, "a/m.py")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "again.py").symlink_to(tmp_path / "a" / "m.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    listing = walked(tmp_path)
    assert (listing.paths, listing.links) == (["a/m.py"], 4)


def test_what_is_not_the_trees_own_is_skipped(tmp_path):
    make(
        tmp_path,
        "m.py",
        ".git/hook.py",
        "__pycache__/m.py",
        "node_modules/x.py",
        "env/pyvenv.cfg",
        "env/lib/site.py",
    )
    listing = walked(tmp_path)
    assert (listing.paths, listing.skipped) == (["m.py"], 4)


def test_a_virtual_environment_can_be_inspected_if_it_is_asked_for(tmp_path):
    make(tmp_path, "env/pyvenv.cfg", "env/lib/site.py")
    assert walked(tmp_path / "env").paths == ["lib/site.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every directory")
def test_a_directory_that_cannot_be_listed_is_told(tmp_path):
    make(tmp_path, "closed/m.py", "open/m.py")
    (tmp_path / "closed").chmod(0)
    try:
        listing = walked(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert listing.paths == ["open/m.py"]
    assert listing.unreadable == [("closed", "Permission denied")]


def test_a_directory_that_vanishes_is_told(tmp_path):
    make(tmp_path, "a/m.py", "m.py")
    walk = FileWalk(tmp_path, 100, 100)
    walk.advance(2)  # it has seen both names
    (tmp_path / "a" / "m.py").unlink()
    (tmp_path / "a").rmdir()
    while walk.advance(10):
        pass
    assert walk.listing.paths == ["m.py"]
    assert [path for path, _ in walk.listing.unreadable] == ["a"]
    assert walk.listing.unreadable_total == 1


@pytest.mark.parametrize("limits", [{"files": 5}, {"entries": 5}])
def test_a_tree_without_end_is_cut_off_and_that_is_told(tmp_path, limits):
    make(tmp_path, *(f"m{n}.py" for n in range(9)))
    listing = walked(tmp_path, **limits)
    assert len(listing.paths) == 5
    assert not listing.complete


def test_a_tree_of_just_the_limit_is_complete(tmp_path):
    make(tmp_path, *(f"m{n}.py" for n in range(5)))
    assert walked(tmp_path, files=5, entries=5).complete


def test_a_path_is_shown_as_text_that_can_be_printed_and_sent():
    assert shown_path("a/b.py") == "a/b.py"
    assert shown_path("caf\u00e9/\udcff.py") == "caf\u00e9/\\udcff.py"
    assert len(shown_path("x/" * 1000)) <= 243
