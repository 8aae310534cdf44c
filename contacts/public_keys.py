"""Whose signature a webhook must bear: the CRM's published keys, and how a key is written.

A key in the settings is a PEM, its line breaks as they are or as ``\\n``, or the base64 of a PEM
without its first and last line.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

CURRENT: Final = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
"""The CRM's Ed25519 key for ``X-GHL-Signature``, as its Webhook Integration Guide prints it."""

OLDER: Final = (
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSCFrm602qYV0MaAiNnX9O8Kx"
    "MbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989"
    "mmzMryUnQJezlYJ3DVfBcsedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpvux"
    "mZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF3kvoV5rTnXV0IknLBXlcKKAQ"
    "LZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKUJ062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8"
    "xkx2zE/Juc+yjLjTXpIocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzNh/AM"
    "fHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhCHULgCsnuDJHcrGNd5/Ddm5hxGQ"
    "0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJPQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqw"
    "cSsnw3JB31IGKAykT1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ=="
)
"""The CRM's RSA key for ``X-WH-Signature``, as its Webhook Authentication Guide prints it. That
header was to end on 2026-09-01."""


def ed25519(text: str) -> Ed25519PublicKey:
    """The key for ``X-GHL-Signature``.

    Raises:
        ValueError: it is not an Ed25519 public key.
    """
    key = _key(text)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is not an Ed25519 public key (PEM)")
    return key


def rsa(text: str) -> RSAPublicKey:
    """The key for ``X-WH-Signature``.

    Raises:
        ValueError: it is not an RSA public key.
    """
    key = _key(text)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("is not an RSA public key (PEM)")
    return key


def _key(text: str) -> object:
    body = re.sub(r"-----[A-Z ]+-----", "", text.replace("\\n", "\n"))
    try:
        return load_der_public_key(base64.b64decode("".join(body.split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
