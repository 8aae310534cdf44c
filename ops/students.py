"""A made-up student export, the same for the same seed: for the demo and the measurements."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HEADER: Final = ("Name", "Email", "Phone", "Country", "Course", "Level", "Enrolled on")
COURSES: Final = ("Baking Bread", "Watercolour", "Sourdough II", "Guitar from Zero", "Bookkeeping")
FIRST: Final = (
    "Ada", "Björn", "Chloé", "Dilan", "Emeka", "Freya", "Goran", "Hana", "Iris", "Jonas",
    "Keiko", "Luís", "Maya", "Noor", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Tariq",
)  # fmt: skip
LAST: Final = (
    "Adeyemi", "Brown", "Castillo", "Dubois", "Eriksen", "Fischer", "García", "Hughes", "Ito",
    "Jansen", "Kowalski", "Lefèvre", "Müller", "Nakamura", "Okafor", "Patel", "Rossi", "Smith",
)  # fmt: skip


@dataclass(slots=True)
class Student:
    """What an export says of one person, as a judge reads it: no code of ours is asked."""

    name: str
    email: str
    phone: str
    tags: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)


def read_export(path: Path) -> list[Student]:
    """Read an export back: each person once, the rows of one person merged."""
    found: dict[str, Student] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            email = row["Email"] if "@" in row["Email"] else ""
            phone = "".join(c for c in row["Phone"] if c in "+0123456789")
            if not (email or phone):
                continue
            student = found.setdefault(email or phone, Student(row["Name"], email, phone))
            student.name = row["Name"]
            student.tags.add(f"course: {row['Course']}".lower())
            student.notes.add(f"Enrolled in {row['Course']} on {row['Enrolled on']}")
    return list(found.values())


def write_export(path: Path, students: int, *, seed: int = 1, blemishes: bool = False) -> int:
    """Write a CSV of so many students.

    Args:
        path: file to write.
        students: number of different people.
        seed: the same seed gives the same people.
        blemishes: add what real exports have: a student in two rows, a broken email, a row with
            neither email nor phone, a broken date.

    Returns:
        number of rows written.
    """
    rng = random.Random(seed)
    rows = [_student(rng, number) for number in range(students)]
    if blemishes:
        rows += _blemishes(rows, rng)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return len(rows)


def _student(rng: random.Random, number: int) -> list[str]:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    # example.org never belongs to anybody (RFC 2606).
    phone = f"+1 {202 + number // 1_000_000} 2{number % 1_000_000:06}"
    return [
        f"{first} {last}",
        f"student{number:05}@example.org",
        phone,
        "US",
        rng.choice(COURSES),
        rng.choice(("beginner", "advanced", "")),
        f"2026-{rng.randint(1, 11):02}-{rng.randint(1, 28):02}",
    ]


def _blemishes(rows: list[list[str]], rng: random.Random) -> list[list[str]]:
    again = list(rows[0])
    again[4] = COURSES[0] if again[4] != COURSES[0] else COURSES[1]
    broken_email = _student(rng, len(rows))
    broken_email[1] = "not an email"
    nobody = _student(rng, len(rows) + 1)
    nobody[1] = nobody[2] = ""
    broken_date = list(rows[1])
    broken_date[6] = "soon"
    return [again, broken_email, nobody, broken_date]
