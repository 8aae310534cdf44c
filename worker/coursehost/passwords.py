"""The password of an account that an enrolment makes: strong, and the same on a repetition.

It is derived from our key and the person, so it is never stored, and a second attempt after a lost
answer sends what the first one sent. Nobody is told: the student asks the platform for a new one.
"""

from __future__ import annotations

import base64

from contacts.store.cipher import Cipher

LENGTH = 32


def password(cipher: Cipher, location: str, email: str) -> str:
    """24 random-looking characters (144 bits), and one of each kind that a form may ask for.

    Args:
        email: cleaned; the platform knows the account by it.
    """
    found = cipher.derive(f"coursehost-password\x00{location}\x00{email}")
    return base64.urlsafe_b64encode(found)[:24].decode() + "aA7-zZ9_"
