"""The CRM's sentences without anybody's data.

A refusal may quote what was sent ("phone +1 … is invalid") or what is stored there already. So a
word is kept only when it is known to be harmless: a property of the API or a word that validation
messages are made of. Everything else becomes ``•••``, and so does a harmless-looking word that was
part of a value sent (there are people called Will).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

MASK: Final = "•••"
LONGEST: Final = 300
"""Characters of a masked sentence; a reason is a line in a list, not a page."""

_WORD = re.compile(r"[^\s\"'`,;:()\[\]{}<>|=]+")
_RUN = re.compile(rf"{MASK}(?:[\s\"'`,;:()\[\]{{}}<>|=]*{MASK})+")

_PROPERTY_LIST: Final = """
    additionalEmails address1 assignedTo body businessId city color companyName contactId country
    createNewIfDuplicateAllowed customFields customField completed dateOfBirth dnd dndSettings
    dueDate email field_value fieldValue firstName followers gender id inboundDndSettings key
    lastName limit locationId name pageLimit phone pinned postalCode query removeAllTags source ssn
    startAfter startAfterId state tags timezone title userId value website
"""
_WORD_LIST: Final = """
    a access accepted account action already allow allowed an and another any api are array arrays
    as at authorized bad be been before being belong belongs between body boolean but by can cannot
    character characters code contact contacts contain contains correct could country create
    created creating custom data date deleted delete denied different digits do does don't doesn't
    duplicate duplicated duplicates each either element elements empty entity equal error exceed
    exceeds exist existing exists expected expired fail failed field fields file following for
    forbidden format found from given greater has have id ids if in incorrect integer internal
    invalid is it item items iso its json key large least length less limit list location locations
    longer lower lowercase match matching max maximum mandatory message min minimum missing more
    most must no non none not note notes null number numbers object of on one only operation option
    options or other out parameter passed permission permitted please property properties provide
    provided range reached read record reference refused regular rejected request requested
    required resource scope server shorter should similar size some something string strings
    supported tag tags task tasks than that the then there these this time to token too type types
    undefined unexpected unique unknown unprocessable unsupported update updated updating upper use
    used user uuid valid validation value values version was were when which will with within
    without wrong you your 4xx 5xx
"""
_PROPERTIES: Final = frozenset(_PROPERTY_LIST.split())
_WORDS: Final = frozenset(_WORD_LIST.split())


def masked(sentences: Iterable[str], sent: Iterable[str] = ()) -> str:
    """The sentences in one line, with every word masked that could be somebody's.

    Args:
        sentences: of the CRM, in any form.
        sent: words of the values that were sent, see :func:`words`; masked whatever they are.
    """
    secret = frozenset(sent)
    joined = "; ".join(sentence for sentence in sentences if sentence)[: LONGEST * 4]
    line = _WORD.sub(lambda found: _kept(found[0], secret), joined)
    return _RUN.sub(MASK, line)[:LONGEST].strip()


def _kept(word: str, secret: frozenset[str]) -> str:
    core = word.strip(".!?")
    if core.casefold() in secret:
        return MASK
    if core.casefold() in _WORDS or all(
        part in _PROPERTIES or (part.isdecimal() and len(part) <= 3) for part in core.split(".")
    ):
        return word
    return MASK


def words(value: object) -> set[str]:
    """Every word of the values in a JSON body (not of its property names), in lower case."""
    if isinstance(value, Mapping):
        return {word for part in value.values() for word in words(part)}
    if isinstance(value, list | tuple):
        return {word for part in value for word in words(part)}
    if value is None or isinstance(value, bool):
        return set()
    text = str(value)
    return {found[0].strip(".!?").casefold() for found in _WORD.finditer(text)} - {""}
