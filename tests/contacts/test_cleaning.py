"""One spelling for each value."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import cleaning
from contacts.cleaning import Cleaner
from contacts.fields import FIELDS

COUNTRIES = st.sampled_from(["US", "DE", "IS", "AR", "IT", "ZZ"])
LIKELY = st.one_of(
    st.text(max_size=30),
    st.text("+0123456789 ()-./x#", max_size=20),
    st.from_regex(r"[Aa][a-z.+]{0,5}@[a-zÖ-]{1,5}\.[A-Za-z]{1,4}", fullmatch=True),
    st.from_regex(
        r"[0-9]{1,4}[-/._][0-9]{1,2}[-/._][0-9]{1,4}([T ][0-9:.Z]{4,9})?", fullmatch=True
    ),
    st.from_regex(r"-?[0-9]{8,15}", fullmatch=True),
    st.emails(),
    st.dates().map(str),
    st.datetimes().map(str),
)


CLEANERS = sorted({field.clean for field in FIELDS}, key=lambda one: one.__name__)


@pytest.mark.parametrize("cleaner", CLEANERS, ids=lambda one: one.__name__)
@given(raw=LIKELY, country=COUNTRIES)
def test_cleaning_twice_is_cleaning_once(cleaner: Cleaner, raw: str, country: str) -> None:
    try:
        once = cleaner(raw, country)
    except ValueError as error:
        once = None
        reason = str(error)
    if once is None:
        assert reason[0].islower()
        assert len(raw) < 6 or raw not in reason
    else:
        assert cleaner(once, country) == once
        assert str(once) == str(once).strip()


@given(raw=st.text(max_size=30).filter(str.strip))
def test_a_tag_cleaned_twice_is_cleaned_once(raw: str) -> None:
    once = cleaning.tag(raw)
    assert cleaning.tag(once) == once == once.strip().lower()


def test_a_tag_is_in_lower_case_without_doubled_blanks() -> None:
    assert cleaning.tag("  Course:\t Baking  BREAD\n") == "course: baking bread"
    with pytest.raises(ValueError, match="is empty"):
        cleaning.tag(" \t")


# ---------------------------------------------------------------- email


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (" Ada@Example.ORG\n", "ada@example.org"),
        ("o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"),
        ("ada@Bücher.example", "ada@bücher.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_email_is_in_lower_case(raw: str, clean: str) -> None:
    assert cleaning.email(raw, "US") == clean


@pytest.mark.parametrize(
    "raw",
    [
        "ada", "ada@", "@x.org", "ada@localhost", "ada@x..org", "a b@x.org", ".ada@x.org",
        "ada.@x.org", "ada@-x.org", "ada@x.o", "ada@x.org,bob@x.org", "ada@x@y.org",
        "Ada <ada@x.org>", "ada(at)x.org", "ada@192.168.0.1", f"{'a' * 250}@x.org", "ada@x.org\x00",
    ],
)  # fmt: skip
def test_what_is_no_email_is_told(raw: str) -> None:
    with pytest.raises(ValueError, match=r"^is not an email address$"):
        cleaning.email(raw, "US")


# ---------------------------------------------------------------- phone


@pytest.mark.parametrize(
    ("raw", "country", "clean"),
    [
        ("(202) 555-0100", "US", "+12025550100"),
        ("+1 202.555.0100", "DE", "+12025550100"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("202-555-0100 ext. 5", "US", "+12025550100"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("0049 30/901820", "DE", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", "US", "+4930901820"),
        ("555 0100", "IS", "+3545550100"),
        ("02 1234 5678", "IT", "+390212345678"),
        ("011 15 3456-7890", "AR", "+5491134567890"),
        ("٠٣٠ ٩٠١٨٢٠", "DE", "+4930901820"),
    ],
)
def test_a_phone_is_e164(raw: str, country: str, clean: str) -> None:
    assert cleaning.phone(raw, country) == clean


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("ask him", r"is not a phone number \(read with country US\)"),
        ("", "is not a phone number"),
        ("12", "is not a possible phone number"),
        ("+1 202 555 0100 999", "is not a possible phone number"),
        ("555-0100", r"has no area code \(read with country US\)"),
        ("9" * 300, "is not a phone number"),
    ],
)
def test_what_is_no_phone_is_told(raw: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}"):
        cleaning.phone(raw, "US")


@pytest.mark.parametrize(
    ("raw", "country"),
    [("000000", "DE"), ("+86004192036", "US"), ("0 00308300718", "AR"), ("090900607206", "BR")],
)
def test_a_phone_that_would_be_another_one_when_read_again_is_told(raw: str, country: str) -> None:
    with pytest.raises(ValueError, match="would be another number when read again"):
        cleaning.phone(raw, country)


def test_a_country_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="read with country ZZ"):
        cleaning.phone("202-555-0100", "ZZ")


# ---------------------------------------------------------------- dates


@given(
    day=st.dates(min_value=date(1000, 1, 1)),
    separator=st.sampled_from("-/._"),
    pad=st.booleans(),
    month_first=st.booleans(),
    time=st.sampled_from(
        [
            "",
            "T00:00:00.000Z",
            "T23:59:59+02:00",
            " 10:00",
            " 10:00:00",
            " 9:30 PM",
            " 10:00:00 UTC",
        ]
    ),
)
def test_a_date_is_read_in_every_shape(
    day: date, separator: str, pad: bool, month_first: bool, time: str
) -> None:
    month, dom = (f"{day.month:02}", f"{day.day:02}") if pad else (str(day.month), str(day.day))
    parts = [month, dom, str(day.year)] if month_first else [str(day.year), month, dom]
    assert cleaning.day(f" {separator.join(parts)}{time} ", "US") == day.isoformat()


@given(day=st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)))
def test_an_epoch_in_milliseconds_is_a_date(day: date) -> None:
    epoch = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    if abs(epoch) >= 100_000_000:
        assert cleaning.day(str(epoch), "US") == day.isoformat()


@pytest.mark.parametrize(
    "raw",
    [
        "soon", "2026-02-30", "13/13/2026", "31.12.2026", "0000-01-01", "2026-01-02Tnoon",
        "2026-01-02 or so", "1/2/26", "Jan 2, 2026", "20260102", "-99999999999999",
        "2026-01", "1.5",
    ],
)  # fmt: skip
def test_what_is_no_date_is_told_with_the_shapes(raw: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a date \(YYYY-MM-DD or MM/DD/YYYY\)$"):
        cleaning.day(raw, "US")


# ---------------------------------------------------------------- the rest


@pytest.mark.parametrize(("raw", "clean"), [("us", "US"), (" De ", "DE"), ("UK", "GB")])
def test_a_country_is_two_capital_letters(raw: str, clean: str) -> None:
    assert cleaning.country_code(raw, "US") == clean


@pytest.mark.parametrize("raw", ["Germany", "U", "U1", "ÖS"])
def test_another_word_is_no_country(raw: str) -> None:
    with pytest.raises(ValueError, match="is not a country code of two letters"):
        cleaning.country_code(raw, "US")


def test_text_and_gender_and_website() -> None:
    assert cleaning.text("  Ada\n\tKing  Lovelace ", "US") == "Ada King Lovelace"
    assert cleaning.gender(" Female ", "US") == "female"
    assert cleaning.website(" https://X.org/A ", "US") == "https://X.org/A"
    with pytest.raises(ValueError, match="is not a web address"):
        cleaning.website("none yet", "US")
