"""`rollbook init`: from a header to a mapping that can be used."""

from __future__ import annotations

from pathlib import Path

from producers import mapping


def test_init_writes_a_mapping_that_can_be_loaded(rollbook, export: Path) -> None:
    said = rollbook("init", str(export))

    assert said.code == 0
    loaded = mapping.load(Path("rollbook.toml"))
    assert loaded.fields == {"email": "Email", "phone": "Phone", "name": "Name"}


def test_init_says_what_each_column_becomes_in_the_order_of_the_file(rollbook, export) -> None:
    said = rollbook("init", str(export))

    columns = [line.split()[0] for line in said.out.splitlines()[4:9]]
    assert columns == ["Name", "Email", "Phone", "Course", "Level"]
    assert "a tag: course: {Course}" in said.out
    assert "perhaps a custom field" in said.out


def test_init_names_the_next_command_as_it_must_be_typed(rollbook, folder: Path) -> None:
    file = folder / "my students.csv"
    file.write_text("Email\nada@example.org\n")

    said = rollbook("init", str(file), "--out", "other.toml")

    assert said.out.endswith(f"  rollbook backfill '{file}' --map other.toml\n")


def test_init_does_not_write_over_a_mapping_that_is_there(rollbook, export: Path) -> None:
    Path("rollbook.toml").write_text("mine")

    said = rollbook("init", str(export))

    assert said.code == 2
    assert said.err == (
        "rollbook: rollbook.toml is there already: --force writes over it, --out names another\n"
    )
    assert Path("rollbook.toml").read_text() == "mine"


def test_init_with_force_writes_over_it(rollbook, export: Path) -> None:
    Path("rollbook.toml").write_text("mine")

    assert rollbook("init", str(export), "--force").code == 0
    assert "[fields]" in Path("rollbook.toml").read_text()


def test_a_header_without_email_and_phone_is_one_line_that_names_the_columns(
    rollbook, folder: Path
) -> None:
    Path("odd.csv").write_text("Colour,Size\nred,7\n")

    said = rollbook("init", "odd.csv")

    assert said.code == 2
    assert said.err.count("\n") == 1
    assert '"Colour", "Size"' in said.err
    assert not Path("rollbook.toml").exists()


def test_a_place_that_cannot_be_written_is_one_line(rollbook, export: Path) -> None:
    said = rollbook("init", str(export), "--out", "no/such/folder.toml")

    assert said.code == 2
    assert said.err == (
        "rollbook: no/such/folder.toml cannot be written: No such file or directory\n"
    )
