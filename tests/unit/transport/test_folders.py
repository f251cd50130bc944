"""Folders as a way in and out: what is taken, when, and where it is put afterwards."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from gateway.domain.errors import Corrupt, NotSent, WireError
from gateway.transport.box_names import Habits, Seen, Settling, again, candidates, usable
from gateway.transport.file_box import Box
from gateway.transport.folders import FolderPlace

AT_ONCE = Habits(settle_s=0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "erp"
    place.mkdir()
    (place / "in").mkdir()
    return place


def box(root: Path, habits: Habits = AT_ONCE, **more) -> Box:
    return Box(FolderPlace(root), root.parent / "scratch", habits, **more)


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(it.relative_to(root)): it.read_bytes() for it in sorted(root.rglob("*")) if it.is_file()
    }


def drop(root: Path, name: str, content: bytes = b"x", at: int = 1) -> Path:
    place = root / "in" / name
    place.write_bytes(content)
    os.utime(place, (at, at))
    return place


def run(story):
    return asyncio.run(story)


def claimed(it: Box) -> str | None:
    found = run(it.claim())
    return None if found is None else found.name


# ── which files ──


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.xml",
        "a.xml.tmp",
        "A.XML.TMP",
        "a.part",
        "a.xml.filepart",
        "a~",
        "~a.xml",
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "a\nb",
        "a\x00b",
        "x" * 201,
        "付" * 67,
    ],
)
def test_such_names_are_left_alone(name):
    assert not usable(name)


@pytest.mark.parametrize("name", ["a.xml", "付款 2026-09-15.csv", "noending", "x" * 200])
def test_such_names_are_taken(name):
    assert usable(name)


def test_the_oldest_goes_first_and_equal_ones_by_name():
    seen = [Seen(name=name, size=1, changed=at) for name, at in (("c", 2), ("b", 1), ("a", 2))]
    assert [it.name for it in candidates(seen, "")] == ["b", "a", "c"]


def test_with_a_marker_only_marked_files_count():
    seen = [Seen(name=it, size=1, changed=1) for it in ("a.xml", "a.xml.ok", "b.xml", "c.ok")]
    assert [it.name for it in candidates(seen, ".ok")] == ["a.xml"]


def test_a_file_is_whole_once_it_stood_still_by_our_clock():
    settling = Settling(10)
    first, grown = (Seen(name="a", size=size, changed=1) for size in (1, 2))
    assert settling.whole([first], 100.0) is None
    assert settling.whole([first], 109.9) is None
    assert settling.whole([grown], 110.0) is None  # it grew: the wait begins again
    assert settling.whole([grown], 119.9) is None
    assert settling.whole([grown], 120.0) == grown
    assert settling.waits
    assert settling.whole([], 121.0) is None
    assert not settling.waits
    assert settling.whole([grown], 122.0) is None  # it went and came back: another file


@pytest.mark.parametrize(
    ("name", "wanted"), [("a.xml", "a.7.xml"), ("a", "a.7"), ("a.b.csv", "a.b.7.csv")]
)
def test_a_second_file_of_a_name_gets_a_stamp_before_its_ending(name, wanted):
    assert again(name, "7") == wanted


# ── the way of one file ──


def test_a_file_is_claimed_copied_and_put_away(root):
    drop(root, "b.xml", b"two", at=2)
    drop(root, "a.xml", b"one", at=1)
    it = box(root)
    first = run(it.claim())
    assert (first.name, Path(first.path).read_bytes()) == ("a.xml", b"one")
    assert Path(first.path).stat().st_mode & 0o077 == 0
    assert tree(root) == {"in/b.xml": b"two", "work/a.xml": b"one"}
    run(it.finish(first, refused=False))
    second = run(it.claim())
    run(it.finish(second, refused=True))
    assert tree(root) == {"processed/a.xml": b"one", "refused/b.xml": b"two"}
    assert not Path(first.path).exists()
    assert claimed(it) is None


def test_a_writer_that_keeps_the_file_open_changes_nothing_of_the_copy(root):
    place = drop(root, "a.xml", b"one")
    with place.open("ab") as writer:
        found = run(box(root).claim())
        writer.write(b" more")
        writer.flush()
        assert Path(found.path).read_bytes() == b"one"


def test_what_was_claimed_before_a_crash_is_claimed_again_before_all_others(root):
    drop(root, "b.xml", b"two", at=9)
    assert claimed(box(root)) == "b.xml"
    drop(root, "a.xml", b"one", at=1)
    drop(root, "b.xml", b"another", at=1)
    fresh = box(root)
    found = run(fresh.claim())
    assert (found.name, Path(found.path).read_bytes()) == ("b.xml", b"two")
    run(fresh.finish(found, refused=False))
    assert claimed(fresh) == "a.xml"


def test_a_file_is_claimed_once_until_it_is_finished_or_put_off(root):
    drop(root, "a.xml")
    it = box(root)
    first = run(it.claim())
    assert claimed(it) is None
    run(it.put_off(first))
    assert not Path(first.path).exists()
    assert claimed(it) == "a.xml"


def test_a_second_file_of_a_name_waits_until_the_first_is_finished(root):
    drop(root, "a.xml", b"one")
    it = box(root)
    first = run(it.claim())
    drop(root, "a.xml", b"two", at=1)
    drop(root, "b.xml", b"three", at=2)
    assert claimed(it) == "b.xml"
    assert claimed(it) is None
    run(it.finish(first, refused=False))
    assert Path(run(it.claim()).path).read_bytes() == b"two"


def test_finishing_what_another_process_finished_is_harmless(root):
    drop(root, "a.xml")
    it = box(root)
    found = run(it.claim())
    (root / "work" / "a.xml").rename(root / "processed" / "a.xml")
    run(it.finish(found, refused=False))
    assert list(tree(root)) == ["processed/a.xml"]


def test_a_second_file_of_the_same_name_does_not_replace_the_first(root):
    it = box(root)
    for content in (b"one", b"two"):
        drop(root, "a.xml", content)
        run(it.finish(run(it.claim()), refused=False))
    assert sorted(tree(root).values()) == [b"one", b"two"]
    assert all(name.startswith("processed/a.") and name.endswith(".xml") for name in tree(root))


def test_a_marker_goes_with_its_file(root):
    drop(root, "a.xml")
    drop(root, "b.xml")
    drop(root, "b.xml.ok", b"")
    it = box(root, Habits(marker=".ok", settle_s=3600))
    assert claimed(it) == "b.xml"
    assert set(tree(root)) == {"in/a.xml", "work/b.xml"}


def test_a_file_that_still_grows_is_left_alone(root):
    place = drop(root, "a.xml", b"begun")
    it = box(root, Habits(settle_s=1))
    stop = threading.Event()

    def grow() -> None:
        while not stop.wait(0.05):
            with place.open("ab") as file:
                file.write(b".")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        assert claimed(it) is None
    finally:
        stop.set()
        writer.join()
    assert claimed(it) == "a.xml"


def test_links_and_folders_are_no_files(root, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s")
    (root / "in" / "link.xml").symlink_to(secret)
    (root / "in" / "folder.xml").mkdir()
    assert claimed(box(root)) is None


def test_a_file_that_is_too_long_is_claimed_but_not_copied(root):
    drop(root, "a.xml", b"x" * 11)
    found = run(box(root, size_max=10).claim())
    assert found.too_large
    assert Path(found.path).read_bytes() == b""


def test_a_missing_root_is_not_made(tmp_path):
    it = Box(FolderPlace(tmp_path / "mount"), tmp_path / "scratch", AT_ONCE)
    with pytest.raises(NotSent) as caught:
        run(it.claim())
    assert str(tmp_path) not in caught.value.en + caught.value.zh
    with pytest.raises(NotSent):
        run(it.put("a.xml", iter([b"x"])))
    assert not (tmp_path / "mount").exists()


# ── what goes out ──


def test_a_file_appears_whole_and_the_same_one_is_left_as_it_is(root):
    it = box(root)
    looks: list[set[str]] = []

    def pieces():
        yield b"one "
        looks.append({path.name for path in (root / "out").glob("*")})
        yield b"two"

    run(it.put("a.xml", pieces()))
    assert tree(root) == {"out/a.xml": b"one two"}
    assert looks == [set()]
    before = (root / "out" / "a.xml").stat()
    run(it.put("a.xml", iter([b"one two"])))
    after = (root / "out" / "a.xml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    run(it.put("a.xml", iter([b"one TWO"])))
    assert tree(root) == {"out/a.xml": b"one TWO"}


def test_nothing_is_left_of_a_file_that_could_not_be_written(root):
    def broken():
        yield b"one"
        raise WireError("format")

    with pytest.raises(WireError):
        run(box(root).put("a.xml", broken()))
    assert tree(root) == {}


@pytest.mark.parametrize("name", ["../a.xml", "a/b", ".a", "", "a.tmp"])
def test_only_plain_names_are_written(root, name):
    with pytest.raises(Corrupt):
        run(box(root).put(name, iter([b"x"])))
    assert tree(root) == {}


def test_copies_of_a_process_before_us_are_thrown_away(root):
    drop(root, "a.xml")
    run(box(root).claim())
    box(root)
    assert list((root.parent / "scratch").iterdir()) == []
