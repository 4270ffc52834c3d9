"""Keys and certificates: Ed25519 for signing (minisign), X25519 for encryption (age).

A certificate binds a replica to its keys, role and post, and is signed by headquarters. A certificate signed by the
replica itself is a request: it proves that the keys belong together, but not to whom they belong. Headquarters compares
the fingerprint by telephone and then certifies.
"""

import msgspec
from msgspec import Struct

from fieldapp.sync.format import agefile
from fieldapp.vietnamese.text import clean

CERTIFICATE_FORMAT = "fieldapp-certificate/1"
REVOCATION_FORMAT = "fieldapp-revocation/1"

_INITIALS = ("b", "ch", "đ", "g", "h", "kh", "l", "m", "ng", "nh", "ph", "r", "t", "th", "v", "x")
_RHYMES = ("a", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "ai", "ao", "âu", "ia", "ua", "ong", "inh")
FINGERPRINT_BYTES = 10


class Keys(Struct, frozen=True):
    """A replica's own keys. ``sign_secret`` is a minisign secret key file, ``age_secret`` an age identity."""

    sign_key: str
    sign_secret: bytes
    age_key: str
    age_secret: str


class Certificate(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who a replica is, in the form that is signed."""

    format: str
    replica: str
    name: str
    role: str
    sign_key: str
    age_key: str
    issuer: str
    issued_at: str
    post_code: str = ""
    """The post's code, or headquarters' own"""
    post_id: str | None = None
    post_name: str | None = None
    hlc: int = 0
    """The issuer's clock reading: of all certificates and revocations of a replica, the one with the greatest counts"""
    above: bool = False
    """A headquarters above the issuer's"""

    @property
    def is_request(self) -> bool:
        """Signed by the replica itself."""
        return self.issuer == self.replica


class Revocation(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A headquarters' statement that a replica is no longer trusted, in the form that is signed."""

    format: str
    replica: str
    issuer: str
    hlc: int
    """as in a certificate"""
    logs: dict[str, int]
    """log id -> last change that stays valid; of a log that is not named, no change stays valid"""


def new_keys() -> Keys:
    """Fresh keys from the system's random source."""
    import pyrage
    from minisign import KeyPair

    pair = KeyPair.generate()
    identity = pyrage.x25519.Identity.generate()
    return Keys(
        sign_key=pair.public_key.to_base64().decode().splitlines()[-1],
        sign_secret=bytes(pair.secret_key),
        age_key=str(identity.to_public()),
        age_secret=str(identity),
    )


def sign(secret: bytes, data: bytes, comment: str) -> bytes:
    """A minisign signature file over ``data``, prehashed; ``comment`` is ASCII and signed too."""
    from minisign import SecretKey

    return bytes(SecretKey.from_bytes(secret).sign(data, prehash=True, trusted_comment=comment))


def verify(sign_key: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (a minisign file) over ``data`` was made with the key."""
    from minisign import Error, PublicKey, Signature

    try:
        made = Signature.from_bytes(signature)
        if not made.is_prehashed():
            return False
        PublicKey.from_base64(sign_key).verify(data, made)
    except (Error, ValueError):
        return False
    return True


def encode_certificate(certificate: Certificate) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.encode(certificate, order="deterministic")


def encode_revocation(revocation: Revocation) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.encode(revocation, order="deterministic")


def decode_certificate(data: bytes) -> Certificate | None:
    """A certificate from outside; None if it does not have a form that this version knows."""
    certificate = stored_certificate(data)
    return certificate if certificate is not None and agefile.takes_files(certificate.age_key) else None


def stored_certificate(data: bytes) -> Certificate | None:
    """The same of one that is stored here: whether its key can be encrypted to was asked before."""
    try:
        certificate = msgspec.json.decode(data, type=Certificate)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if certificate.format != CERTIFICATE_FORMAT or certificate.role not in ("hq", "post"):
        return None
    if not 0 <= certificate.hlc < 1 << 63 or (certificate.above and certificate.role != "hq"):
        return None
    if certificate.role == "post" and not certificate.post_id:
        return None
    if any(clean(text) != text for text in (certificate.name, certificate.post_name or "")):
        return None
    if not (certificate.post_code and certificate.post_code.isascii() and certificate.post_code.isalnum()):
        return None
    return certificate


def decode_revocation(data: bytes) -> Revocation | None:
    """A revocation from outside; None if it does not have a form that this version knows."""
    try:
        revocation = msgspec.json.decode(data, type=Revocation)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return revocation if revocation.format == REVOCATION_FORMAT and 0 <= revocation.hlc < 1 << 63 else None


def fingerprint(sign_key: str, age_key: str) -> str:
    """Both public keys in ten Vietnamese syllables, to be compared by telephone: 80 bits of their SHA-256.

    The syllables avoid what dialects confuse: l and n, ch and tr, s and x, d and gi and v, final n and ng.
    """
    return spoken_hash(f"{sign_key}\n{age_key}")


def spoken_hash(text: str) -> str:
    """Any text in ten syllables, to be compared by telephone."""
    from hashlib import sha256

    digest = sha256(text.encode()).digest()[:FINGERPRINT_BYTES]
    return " ".join(_syllable(byte) for byte in digest)


def _syllable(byte: int) -> str:
    initial, rhyme = _INITIALS[byte >> 4], _RHYMES[byte & 15]
    if initial in ("g", "ng") and rhyme[0] in "eêi":
        initial += "h"
    return initial + rhyme
