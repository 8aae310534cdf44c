"""The key that encrypts tokens: made once, private, whole."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from contacts.errors import UsageError
from contacts.settings import Settings, load
from contacts.store.cipher import Cipher, key_file, write_keys


def test_a_token_comes_back_under_the_same_key(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "home")
    sealed = Cipher.from_settings(settings).encrypt("pit-1")
    assert b"pit-1" not in sealed
    assert Cipher.from_settings(settings).decrypt(sealed) == "pit-1"


def test_a_made_key_is_private_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    Cipher.from_settings(load(home=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_key_that_was_set_is_used_and_written_nowhere(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    sealed = Cipher.from_settings(load(home=tmp_path, secret_key=key.decode())).encrypt("pit-1")
    assert Cipher(key).decrypt(sealed) == "pit-1"
    assert not list(tmp_path.iterdir())


def test_those_that_start_at_once_use_one_key_and_see_no_half_of_it(tmp_path: Path) -> None:
    for number in range(40):
        settings = load(home=tmp_path / str(number))
        sealed = _at_once(settings, 4)
        assert {Cipher.from_settings(settings).decrypt(one) for one in sealed} == {"pit-1"}


def test_a_file_that_is_no_key_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("no key")
    with pytest.raises(UsageError, match="put the old one back"):
        Cipher.from_settings(load(home=tmp_path))


def test_a_token_under_another_key_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    sealed = Cipher(Fernet.generate_key()).encrypt("pit-1")
    with pytest.raises(UsageError, match="ROLLBOOK_SECRET_KEY"):
        Cipher(Fernet.generate_key()).decrypt(sealed)


def _at_once(settings: Settings, threads: int) -> list[bytes]:
    """What each of so many beginners encrypted; all of them begin together."""
    sealed: list[bytes] = []
    line = threading.Barrier(threads)

    def begin() -> None:
        line.wait()
        sealed.append(Cipher.from_settings(settings).encrypt("pit-1"))

    beginners = [threading.Thread(target=begin) for _ in range(threads)]
    for one in beginners:
        one.start()
    for one in beginners:
        one.join()
    assert len(sealed) == threads
    return sealed


def test_older_keys_read_and_the_first_encrypts() -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    both = Cipher(new, old)
    assert both.decrypt(Cipher(old).encrypt("pit-1")) == "pit-1"
    assert Cipher(new).decrypt(both.encrypt("pit-1")) == "pit-1"
    assert [both.place(one.encrypt("x")) for one in (Cipher(new), Cipher(old))] == [0, 1]
    assert both.place(Cipher(Fernet.generate_key()).encrypt("x")) is None


def test_keys_of_the_settings_come_in_their_order(tmp_path: Path) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(3)]
    settings = load(home=tmp_path, secret_key=keys[0], old_secret_keys=f"{keys[1]}, {keys[2]}")
    assert [key.decode() for key in Cipher.from_settings(settings).keys] == keys


def test_a_process_takes_up_the_key_that_another_one_wrote(tmp_path: Path) -> None:
    settings = load(home=tmp_path)
    running = Cipher.from_settings(settings)
    new = Fernet.generate_key()
    write_keys(key_file(settings), [new, *running.keys])

    assert running.decrypt(Cipher(new).encrypt("pit-1")) == "pit-1"
    assert running.keys[0] == new
    assert Cipher(new).decrypt(running.encrypt("pit-2")) == "pit-2"
    assert stat.S_IMODE(key_file(settings).stat().st_mode) == 0o600


def test_older_keys_alone_are_a_mistake_and_not_forgotten_in_silence(tmp_path: Path) -> None:
    settings = load(home=tmp_path, old_secret_keys=Fernet.generate_key().decode())
    with pytest.raises(UsageError, match="further lines"):
        Cipher.from_settings(settings)
