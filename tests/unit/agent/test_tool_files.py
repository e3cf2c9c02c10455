"""The file tools: reading, exact edits, listing, searching, and what they must not touch."""

import os
from pathlib import Path

import pytest
from agentjob_runtime.tools.errors import ToolError
from agentruns.tools import Toolbox


def test_reading_shows_numbers_and_where_to_go_on(toolbox: Toolbox) -> None:
    """Offset and limit count lines from 1."""
    (toolbox.workspace / "a.txt").write_text("".join(f"line {number}\n" for number in range(1, 11)))
    output = toolbox.call("read_file", path="a.txt", offset=3, limit=2)
    assert output.text == "     3\tline 3\n     4\tline 4\n[10 lines in all; go on with offset 5]"
    assert output.truncated
    assert toolbox.call("read_file", path="a.txt", offset=10).text == "    10\tline 10"


def test_reading_is_bounded(toolbox: Toolbox) -> None:
    """By lines, by characters of a line, by characters in all."""
    (toolbox.workspace / "long.txt").write_text("x" * 5_000 + "\n" + "y\n" * 100_000)
    output = toolbox.call("read_file", path="long.txt", limit=5000)
    assert "[line cut]" in output.text
    assert "go on with offset 5001" in output.text
    assert len(output.text) < 60_000


def test_what_is_no_text_file_is_refused(toolbox: Toolbox) -> None:
    """Binary, giant, FIFO, folder, device, missing: an error that helps, and no hang."""
    (toolbox.workspace / "binary").write_bytes(b"\x7fELF\0\0")
    with (toolbox.workspace / "giant").open("wb") as file:
        file.truncate(1 << 30)
    os.mkfifo(toolbox.workspace / "fifo")
    for name, problem in (
        ("binary", "binary"),
        ("giant", "too many"),
        ("fifo", "not a regular"),
        (".", "not a regular"),
    ):
        with pytest.raises((ToolError, OSError), match=problem):
            toolbox.call("read_file", path=name)
    with pytest.raises(FileNotFoundError):
        toolbox.call("read_file", path="missing")


def test_odd_texts_can_be_read(toolbox: Toolbox) -> None:
    """Empty, without a last line end, not UTF-8."""
    (toolbox.workspace / "empty").write_bytes(b"")
    (toolbox.workspace / "latin").write_bytes(b"caf\xe9")
    assert toolbox.call("read_file", path="empty").text == "[The file is empty.]"
    assert toolbox.call("read_file", path="latin").text == "     1\tcaf\ufffd"


def test_writing_makes_folders_and_keeps_the_mode(toolbox: Toolbox) -> None:
    """An executable stays one when it is overwritten."""
    assert (
        toolbox.call("write_file", path="src/deep/run.sh", content="#!/bin/sh\n").text
        == "Created src/deep/run.sh (1 lines)"
    )
    path = toolbox.workspace / "src/deep/run.sh"
    path.chmod(0o755)
    toolbox.call("read_file", path="src/deep/run.sh")
    toolbox.call("write_file", path="src/deep/run.sh", content="#!/bin/sh\necho\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("#!/bin/sh\necho\n", 0o755)


def test_a_file_is_read_before_it_is_overwritten_or_edited(toolbox: Toolbox) -> None:
    """Unseen, or changed by a command since: the model reads it first."""
    path = toolbox.workspace / "a.py"
    path.write_text("old = 1\n")
    for arguments in ({"content": "x"}, {"old_string": "old", "new_string": "new"}):
        name = "write_file" if "content" in arguments else "edit_file"
        with pytest.raises(ToolError, match="not read yet"):
            toolbox.call(name, path="a.py", **arguments)
    toolbox.call("read_file", path="a.py")
    toolbox.call("edit_file", path="a.py", old_string="old", new_string="new")
    toolbox.call("edit_file", path="a.py", old_string="new", new_string="newer")
    toolbox.call("run_shell", command="sleep 0.02; echo more >> a.py")
    with pytest.raises(ToolError, match="changed since"):
        toolbox.call("edit_file", path="a.py", old_string="newer", new_string="x")
    assert path.read_text() == "newer = 1\nmore\n"


def test_an_edit_is_exact_and_unique(toolbox: Toolbox) -> None:
    """Several matches name their lines; a near miss says what is wrong; nothing is written by a failed edit."""
    toolbox.call("write_file", path="a.py", content="x = 1\n    y = 2\nx = 1\n")
    with pytest.raises(ToolError, match=r"2 times \(lines 1, 3\).*replace_all"):
        toolbox.call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2")
    with pytest.raises(ToolError, match="white space"):
        toolbox.call("edit_file", path="a.py", old_string="y  =  2", new_string="y = 3")
    with pytest.raises(ToolError, match="not in the file"):
        toolbox.call("edit_file", path="a.py", old_string="z", new_string="y")
    with pytest.raises(ToolError, match="same"):
        toolbox.call("edit_file", path="a.py", old_string="y", new_string="y")
    output = toolbox.call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2", replace_all=True)
    assert output.text == "Replaced 2 occurrences in a.py"
    assert (toolbox.workspace / "a.py").read_text() == "x = 2\n    y = 2\nx = 2\n"


def test_line_ends_of_windows_are_kept(toolbox: Toolbox) -> None:
    """The model sees and writes plain line ends."""
    (toolbox.workspace / "dos.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    toolbox.call("read_file", path="dos.txt")
    toolbox.call("edit_file", path="dos.txt", old_string="one\ntwo", new_string="1\n2")
    assert (toolbox.workspace / "dos.txt").read_bytes() == b"1\r\n2\r\nthree\r\n"


def test_a_file_that_is_not_utf8_is_not_damaged(toolbox: Toolbox) -> None:
    """An edit would write replacement characters."""
    (toolbox.workspace / "latin").write_bytes(b"caf\xe9 x")
    toolbox.call("read_file", path="latin")
    with pytest.raises(ToolError, match="not UTF-8"):
        toolbox.call("edit_file", path="latin", old_string="x", new_string="y")


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/hosts", "link/outside.txt", "~/../outside.txt", "file-link"])
def test_writing_outside_is_refused_also_through_links(toolbox: Toolbox, tmp_path: Path, path: str) -> None:
    """Whatever the path looks like."""
    (tmp_path / "outside.txt").write_text("kept")
    (toolbox.workspace / "link").symlink_to(tmp_path)
    (toolbox.workspace / "file-link").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(ToolError, match="outside of"):
        toolbox.call("write_file", path=path, content="overwritten")
    with pytest.raises(ToolError, match="outside of"):
        toolbox.call("edit_file", path=path, old_string="kept", new_string="x")
    assert (tmp_path / "outside.txt").read_text() == "kept"


def test_reading_outside_is_refused_and_home_is_inside(toolbox: Toolbox) -> None:
    """The workspace, the home folder; not the system."""
    with pytest.raises(ToolError, match="outside of"):
        toolbox.call("read_file", path="/etc/passwd")
    with pytest.raises(ToolError, match="outside of"):
        toolbox.call("list_files", path="..")
    toolbox.call("write_file", path="~/notes.txt", content="n")
    assert (toolbox.paths.home / "notes.txt").read_text() == "n"


def test_writing_to_a_fifo_does_not_block(toolbox: Toolbox) -> None:
    """There is no reader, and never will be."""
    os.mkfifo(toolbox.workspace / "fifo")
    with pytest.raises(ToolError, match="not a regular"):
        toolbox.call("write_file", path="fifo", content="x")


def test_listing_skips_what_is_installed(toolbox: Toolbox) -> None:
    """Sorted, folders with a slash, links shown and not followed."""
    for name in ("src/app/deep/er/x.py", "node_modules/react/index.js", ".git/HEAD", "b.txt"):
        path = toolbox.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (toolbox.workspace / "link").symlink_to("/")
    assert toolbox.call("list_files").text.splitlines() == [
        ".git/ (not listed)",
        "b.txt",
        "link -> /",
        "node_modules/ (not listed)",
        "src/",
        "src/app/",
        "src/app/deep/",
    ]


def test_listing_is_capped(toolbox: Toolbox) -> None:
    """A folder of thousands does not fill the context."""
    for number in range(600):
        (toolbox.workspace / f"{number:04}").touch()
    output = toolbox.call("list_files")
    assert len(output.text.splitlines()) == 501
    assert output.truncated


@pytest.fixture(params=["as it is here", "without ripgrep"])
def searchbox(toolbox: Toolbox, request: pytest.FixtureRequest) -> Toolbox:
    """With ripgrep where it is installed, and in any case without."""
    if request.param == "without ripgrep":
        toolbox.context.environment["PATH"] = "/nonexistent"
    return toolbox


def test_searching_gives_path_line_and_text(searchbox: Toolbox) -> None:
    """A regular expression, a glob, no installed or binary files."""
    for name, text in (("src/a.py", "import os\nx = 1\n"), ("b.txt", "x = 1\n"), ("node_modules/c.py", "x = 1\n")):
        path = searchbox.workspace / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (searchbox.workspace / "binary").write_bytes(b"x = 1\0")
    found = {line.removeprefix("./") for line in searchbox.call("search_files", pattern=r"^x\s=").text.splitlines()}
    assert found == {"src/a.py:2:x = 1", "b.txt:1:x = 1"}
    only = searchbox.call("search_files", pattern="x", glob="*.py", path="src").text
    assert only == "src/a.py:2:x = 1"
    assert searchbox.call("search_files", pattern="nowhere").text == "[Nothing found.]"


def test_a_search_pattern_is_never_an_option(searchbox: Toolbox) -> None:
    """Neither is a glob or a path."""
    (searchbox.workspace / "a.txt").write_text("--help\n")
    assert searchbox.call("search_files", pattern="--help").text.removeprefix("./") == "a.txt:1:--help"
    assert "a.txt" not in searchbox.call("search_files", pattern="--help", glob="--files").text


def test_searching_is_capped_and_a_bad_pattern_is_told(searchbox: Toolbox) -> None:
    """A hundred lines, and the words of the regular expression's compiler."""
    (searchbox.workspace / "a.txt").write_text("hit\n" * 500)
    output = searchbox.call("search_files", pattern="hit")
    assert len(output.text.splitlines()) == 101
    assert not searchbox.call("search_files", pattern="(").ok
