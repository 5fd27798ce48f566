"""TLS on loopback, a pod's surroundings, and a connection that can be cut."""

import asyncio
import contextlib
import ctypes
import socket
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SO_ATTACH_FILTER = 26
"""Of Linux, which Python has no name for."""


@cache
def a_key(_whose: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True)
class Identity:
    """Files of a certificate for localhost, signed by itself, and of its key."""

    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.chain, self.key)
        return context


@cache
def certificate() -> Identity:
    """One for all tests of a run: gRPC reads the roots it trusts once a process."""
    folder = Path(tempfile.mkdtemp(prefix="google-tts-"))
    key = a_key("localhost")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)  # noqa: TID251
    signed = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    identity = Identity(folder / "chain.pem", folder / "key.pem")
    identity.chain.write_bytes(signed.public_bytes(Encoding.PEM))
    identity.key.write_bytes(pem(key))
    return identity


def surroundings() -> dict[str, str]:
    """The environment of a pod that trusts the local service and reaches nobody outside."""
    chain = str(certificate().chain)
    return {
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": chain, "REQUESTS_CA_BUNDLE": chain,
        "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1",
    }  # fmt: skip


@contextlib.asynccontextmanager
async def wire(target: str) -> AsyncIterator["Wire"]:
    """A connection to `target` that a test may cut, as a load balancer does when it ends."""
    line = Wire(target)
    server = await asyncio.start_server(line.connect, "localhost", 0)
    line.address = f"localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.cut()


@dataclass
class Wire:
    target: str
    address: str = ""
    ends: list[asyncio.StreamWriter] = field(default_factory=list)
    held: asyncio.Event | None = None
    """While it is not set, who connects anew waits for it."""
    waiting: int = 0

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.held:
            self.waiting += 1
            await self.held.wait()
        host, _, port = self.target.partition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        self.ends += [writer, there_writer]
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))

    def forget(self) -> None:
        """Lose every connection as a router does: what is sent there is neither delivered nor acknowledged."""
        nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        program = struct.pack("HP", 1, ctypes.addressof(nothing))
        for end in self.ends[::2]:
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)

    def cut(self) -> None:
        """Reset every connection."""
        for end in self.ends:
            end.transport.abort()
        self.ends.clear()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
