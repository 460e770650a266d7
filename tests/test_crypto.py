"""The few cryptographic gestures that the domains share."""

import hmac
import struct

import pytest

from app import crypto

KEY, OTHER = b"k" * 32, b"o" * 32


def test_a_digest_is_hmac_sha256_over_parts_whose_borders_are_kept() -> None:
    message = struct.pack(">I", 2) + b"ab" + struct.pack(">I", 1) + b"c"
    assert crypto.digest(KEY, b"ab", b"c") == hmac.digest(KEY, message, "sha256")[:16]
    assert crypto.digest(KEY, b"a", b"bc") != crypto.digest(KEY, b"ab", b"c")


def test_many_are_opened_as_one_by_one() -> None:
    sealed = [crypto.seal(KEY, b"%d" % n, b"row %d" % n) for n in range(5)]
    contexts = [b"row %d" % n for n in range(5)]
    assert crypto.unseal_many(KEY, sealed, contexts) == [b"0", b"1", b"2", b"3", b"4"]
    with pytest.raises(crypto.Unsealable):
        crypto.unseal_many(KEY, sealed, contexts[::-1])
    with pytest.raises(crypto.Unsealable):
        crypto.unseal_many(KEY, [*sealed[:4], sealed[4][:-1] + b"\0"], contexts)


def test_what_is_sealed_twice_never_looks_the_same() -> None:
    assert len({crypto.seal(KEY, b"Marie") for _ in range(1000)}) == 1000


def test_pseudonyms_depend_on_the_key_and_on_the_id_alone() -> None:
    ids = [crypto.uuid7().bytes for _ in range(1000)]
    names = crypto.pseudonyms(KEY, ids)
    assert len(set(names)) == 1000
    assert crypto.pseudonyms(KEY, ids[::-1]) == names[::-1]
    assert not set(names) & set(crypto.pseudonyms(OTHER, ids))
