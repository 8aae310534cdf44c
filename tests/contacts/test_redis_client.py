"""Opening Redis in every way that an address can say, against real servers."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flower.utils.broker import Broker

from contacts import belt, redis_client
from contacts.errors import UsageError
from contacts.settings import load
from ops.prove.watched import MASTER, Watched, watched
from ops.running.redis_server import free_port
from producers.bell import Bell
from producers.cli import alive, checkup

TODAY = datetime.datetime.now(datetime.UTC)


def written(path: Path, *pems: bytes) -> Path:
    path.write_bytes(b"".join(pems))
    return path


class Authority:
    """Signs certificates that are good for a day."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, ca=True)

    def _sign(self, name: x509.Name, key: Any, *, ca: bool, host: str = "") -> x509.Certificate:
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(TODAY - datetime.timedelta(hours=1))
            .not_valid_after(TODAY + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            names = [x509.IPAddress(ipaddress.ip_address(host))]
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, folder: Path, name: str, host: str) -> tuple[Path, Path]:
        """(certificate, key) for a host."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        signed = self._sign(subject, key, ca=False, host=host)
        return (
            written(folder / f"{name}.pem", signed.public_bytes(serialization.Encoding.PEM)),
            written(folder / f"{name}.key", private),
        )


def speaks_tls(binary: str) -> bool:
    """Whether the server was built with TLS: asked for a TLS port it names what is missing."""
    asked = subprocess.run(
        [binary, "--port", "0", "--tls-port", "1"], capture_output=True, text=True, check=False
    )
    return "certificate" in asked.stdout or "tls-cert-file" in asked.stdout


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis that speaks TLS alone, asks for a certificate, and has one for 127.0.0.1.

    Returns:
        its address, all options in it.
    """
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None or not speaks_tls(binary):
        pytest.skip("no Redis server with TLS on this machine")
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority("ours")
    ca = written(folder / "ca.pem", authority.pem)
    written(folder / "strange.pem", Authority("a stranger").pem)
    certificate, key = authority.issue(folder, "server", "127.0.0.1")
    authority.issue(folder, "client", "127.0.0.1")
    port = free_port()
    process = subprocess.Popen(
        [binary, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "::1",
         "--save", "", "--dir", folder, "--tls-cert-file", certificate, "--tls-key-file", key,
         "--tls-ca-cert-file", ca],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    url = (
        f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={ca}"
        f"&ssl_certfile={folder / 'client.pem'}&ssl_keyfile={folder / 'client.key'}"
    )
    try:
        _until_it_answers(url)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def led() -> Iterator[Watched]:
    """Two servers and three Sentinels; the test that kills the master is the last one."""
    with watched() as made:
        yield made


def _until_it_answers(url: str) -> None:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        with redis_client.connect(url, timeout_s=1, connect_s=1, tries=0) as client:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
    raise AssertionError("the server does not answer")


def all_doors_open(tmp_path: Path, url: str) -> None:
    """Limiter's client, belt, bell, Flower's page of queues, status and doctor: each gets in."""
    with redis_client.connect(url, timeout_s=3, connect_s=2, tries=1) as client:
        client.flushdb()
        app = Celery("test", set_as_current=False)
        app.conf.update(belt.celery_settings(redis_url=url, threads=4))
        app.send_task("job.push", queue="live", retry=False)
        with closing(Bell(url)) as bell:
            assert bell.ring()
        assert (client.llen("live"), client.llen(belt.WAKE_KEY)) == (1, 1)
    app.conf.broker_transport = None  # as Flower has it
    with app.connection() as connection:
        address = connection.as_uri(include_password=True)
    page = Broker(
        address,
        broker_options=app.conf.broker_transport_options,
        broker_use_ssl=app.conf.broker_use_ssl,
    )
    assert asyncio.run(_queues(page)) == [{"name": "live", "messages": 1}]
    app.close()
    settings = load(home=tmp_path, redis_url=url)
    assert alive.redis_trouble(settings) is None
    assert [
        line.said for line in checkup.redis(settings) if line.state is checkup.State.WRONG
    ] == []


async def _queues(page: Any) -> Any:
    found = await page.queues(["live"])
    asked = getattr(page.redis.connection_pool, "sentinel_manager", None)
    for client in (page.redis, *(asked.sentinels if asked else ())):
        await client.aclose()
    return found


# ---------------------------------------------------------------- TLS


def test_over_tls_every_door_opens(tmp_path: Path, guarded: str) -> None:
    all_doors_open(tmp_path, guarded)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            ("ca.pem", "strange.pem"),
            "shows a certificate that cannot be trusted",
            id="of an authority that we do not know",
        ),
        pytest.param(
            ("//127.0.0.1", "//localhost"),
            "shows a certificate for another host name",
            id="for another name",
        ),
    ],
)
def test_a_certificate_that_is_not_right_is_said_by_status_and_doctor(
    tmp_path: Path, guarded: str, change: tuple[str, str], said: str
) -> None:
    settings = load(home=tmp_path, redis_url=guarded.replace(*change))

    (line,) = checkup.redis(settings)

    assert said in line.said
    assert line.state is checkup.State.WRONG
    assert said in (alive.redis_trouble(settings) or "")


def test_who_shows_no_certificate_learns_that_one_is_asked_for(
    tmp_path: Path, guarded: str
) -> None:
    settings = load(home=tmp_path, redis_url=guarded.partition("&")[0])
    assert "does it ask for our certificate" in (alive.redis_trouble(settings) or "")


def test_tls_to_a_server_without_it_says_so(tmp_path: Path, redis_server: str) -> None:
    settings = load(home=tmp_path, redis_url=redis_server.replace("redis:", "rediss:"))
    assert "perhaps it speaks no TLS" in (alive.redis_trouble(settings) or "")


def test_a_server_that_wants_tls_says_so(tmp_path: Path, guarded: str) -> None:
    plain = guarded.partition("?")[0].replace("rediss:", "redis:")
    settings = load(home=tmp_path, redis_url=plain)
    assert "perhaps it wants TLS" in (alive.redis_trouble(settings) or "")


def test_a_certificate_that_nobody_has_to_check_is_taken(tmp_path: Path, guarded: str) -> None:
    folder = Path(guarded.partition("ssl_certfile=")[2].partition("&")[0]).parent
    url = guarded.replace("//127.0.0.1", "//localhost") + "&ssl_check_hostname=false"
    with redis_client.connect(url, timeout_s=2, connect_s=2, tries=0) as client:
        assert client.ping()
    unchecked = guarded.replace(f"ssl_ca_certs={folder / 'ca.pem'}", "ssl_cert_reqs=none")
    with redis_client.connect(unchecked, timeout_s=2, connect_s=2, tries=0) as client:
        assert client.ping()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = f"rediss://127.0.0.1/0?ssl_ca_certs={tmp_path / 'nowhere.pem'}"
    with pytest.raises(UsageError, match=r"ssl_ca_certs=.*nowhere.pem cannot be read"):
        redis_client.required(load(home=tmp_path, redis_url=url))


# ---------------------------------------------------------------- a socket, a password


def test_by_a_socket_every_door_opens(tmp_path: Path, new_redis: Callable[[], Any]) -> None:
    path = tmp_path / "redis.sock"
    process = subprocess.Popen(
        [new_redis().binary, "--port", "0", "--unixsocket", path, "--save", "", "--dir", tmp_path],
        stdout=subprocess.DEVNULL,
    )
    try:
        _until_it_answers(f"unix://{path}")
        all_doors_open(tmp_path, f"unix://{path}")
    finally:
        process.kill()
        process.wait()


def test_a_wrong_password_is_said(tmp_path: Path, new_redis: Callable[[], Any]) -> None:
    server = new_redis()
    server.start()
    with redis.Redis(port=server.port) as client:
        client.config_set("requirepass", "right")
    settings = load(home=tmp_path, redis_url=f"redis://:wrong@127.0.0.1:{server.port}/0")
    said = "Redis refuses the user or password of ROLLBOOK_REDIS_URL"
    assert alive.redis_trouble(settings) == said


# ---------------------------------------------------------------- Sentinel


def test_through_sentinel_every_door_opens(tmp_path: Path, led: Watched) -> None:
    all_doors_open(tmp_path, led.url)


def test_a_group_that_no_sentinel_knows_is_said(tmp_path: Path, led: Watched) -> None:
    settings = load(home=tmp_path, redis_url=led.url.replace(MASTER, "another"))
    assert "none knows one by that name" in (alive.redis_trouble(settings) or "")


def test_no_password_is_in_what_celery_shows() -> None:
    app = Celery("test", set_as_current=False)
    url = "sentinel://u:hush@127.0.0.1:1,127.0.0.1:2/0?master=m&sentinel_password=hush"
    app.conf.update(belt.celery_settings(redis_url=url, threads=4))
    with app.connection() as connection:
        assert "hush" not in connection.as_uri()
    assert "hush" not in str(app.conf.table(censored=True))


def test_a_client_follows_the_master_after_a_fail_over(led: Watched) -> None:
    with redis_client.connect(led.url, timeout_s=2, connect_s=1, tries=1) as client:
        client.set("kept", "1")
        assert client.wait(1, 2000) == 1
        was = led.kill_master()
        now = led.until_another_leads(was)

        assert client.get("kept") == b"1"
        assert client.info("server")["tcp_port"] == now != was
