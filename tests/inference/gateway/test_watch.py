"""The watch against a real API server: commits, deletions, bad documents, and the server itself going away."""

import asyncio
import contextlib
import shutil
import time
from asyncio.sslproto import SSLProtocol, SSLProtocolState
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from statistics import median

import pytest
from kubernetes.aio import client
from prometheus_client import CollectorRegistry

from cluster.control_plane import ControlPlane
from support.flags import a_document, a_flag
from support.voice import publish, until
from voice_flags import Document, Reason, User
from voice_server.gateway import flags as gateway_flags
from voice_server.gateway import watch
from voice_server.gateway.flags import Flags
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.watch import ConfigMapWatch
from voice_server.settings import ConfigMapSource

pytestmark = pytest.mark.cluster
NAME = "voice-flags"
KEY = "f5-tts.flag.json"


@dataclass
class Published:
    """The ConfigMap as the operator writes it."""

    api: client.ApiClient
    namespace: str

    async def write(self, *documents: Document, **texts: str) -> None:
        """Make the ConfigMap hold exactly this."""
        data = {f"{document.rollout}.flag.json": document.to_json() for document in documents} | texts
        body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=NAME), data=data)
        core = client.CoreV1Api(self.api)
        try:
            await core.replace_namespaced_config_map(NAME, self.namespace, body)
        except client.ApiException as error:
            if error.status != 404:
                raise
            await core.create_namespaced_config_map(self.namespace, body)

    async def delete(self) -> None:
        await client.CoreV1Api(self.api).delete_namespaced_config_map(NAME, self.namespace)


@dataclass
class Reader:
    flags: Flags
    registry: CollectorRegistry
    source: ConfigMapSource

    @property
    def generation(self) -> int | None:
        document = self.flags.document("f5-tts")
        return document.generation if document else None

    @property
    def reason(self) -> Reason:
        return self.flags.evaluate("f5-tts", User("ana")).reason

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(ConfigMapWatch(self.flags, self.source).follow())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})
            await until(_says_goodbye, is_=False)  # TLS does after its session has been closed


def _says_goodbye() -> bool:
    """Whether a connection is being closed."""
    ends = [each.get_protocol() for each in asyncio.get_running_loop()._transports.values()]  # type: ignore[attr-defined]
    closing = {SSLProtocolState.FLUSHING, SSLProtocolState.SHUTDOWN}
    return any(isinstance(end, SSLProtocol) and end._state in closing for end in ends)  # type: ignore[attr-defined]


@pytest.fixture
def published(api: client.ApiClient, namespace: str) -> Published:
    return Published(api, namespace)


@pytest.fixture
def account(api_server: ControlPlane, namespace: str, tmp_path: Path) -> Path:
    """The folder in which a pod finds its account: one that may read this ConfigMap and nothing else."""
    words = ("--namespace", namespace)
    api_server.kubectl("create", "serviceaccount", "gateway", *words)
    verbs = ("--verb=get,list,watch", "--resource=configmaps", f"--resource-name={NAME}")
    api_server.kubectl("create", "role", "gateway", *verbs, *words)
    bound = ("--role=gateway", f"--serviceaccount={namespace}:gateway")
    api_server.kubectl("create", "rolebinding", "gateway", *bound, *words)
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text(api_server.kubectl("create", "token", "gateway", *words).stdout)
    shutil.copy(api_server.authority.crt("ca"), folder / "ca.crt")
    return folder


@pytest.fixture
def reader(
    api_server: ControlPlane, namespace: str, account: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Reader:
    """A gateway's flags, whose watch is in a hurry."""
    monkeypatch.setattr(watch, "WATCH_SECONDS", 2)
    monkeypatch.setattr(watch, "_LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(gateway_flags, "STALE_AFTER", 2.0)
    registry = CollectorRegistry()
    flags = Flags(GatewayMetrics(registry), time.monotonic)
    return Reader(
        flags, registry, ConfigMapSource(api_server.endpoints.api_url, namespace, NAME, tmp_path, account)
    )


async def test_a_commit_is_in_force_in_much_less_than_half_a_second(
    reader: Reader, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by its event, for the watch outlasts them all; half of them so soon, should the machine stop at times."""
    monkeypatch.setattr(watch, "WATCH_SECONDS", 600)
    await published.write(a_document(generation=1))
    lags = []
    async with reader.following():
        await until(lambda: reader.generation, is_=1)
        for generation in range(2, 30):
            await published.write(a_document(generation=generation))
            committed = time.monotonic()
            await until(lambda: reader.generation, is_=generation)
            lags.append(time.monotonic() - committed)

    assert median(lags) < 0.5


async def test_no_commit_is_missed_where_one_watch_ends_and_the_next_begins(
    reader: Reader, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was would be made good by the list after the next watch, which comes too late for it."""
    monkeypatch.setattr(watch, "WATCH_SECONDS", 6)
    generation = 0
    async with reader.following() as following:
        enough = time.monotonic() + 2.5 * watch.WATCH_SECONDS
        while time.monotonic() < enough:
            generation += 1
            await published.write(a_document(generation=generation))
            await until(lambda: reader.generation, is_=generation, within=5)

        assert not following.done()
    assert reader.reason is not Reason.STALE


async def test_what_is_deleted_by_hand_keeps_every_user_until_it_is_repaired(
    reader: Reader, published: Published
) -> None:
    await published.write(a_document(), a_flag("chirp"))
    async with reader.following():
        await until(lambda: reader.generation, is_=12)
        await published.write(a_flag("chirp"))
        await until(lambda: reader.reason, is_=Reason.STALE)
        kept = [reader.generation]
        await published.delete()
        await until(lambda: reader.flags.evaluate("chirp", User("ana")).reason, is_=Reason.STALE)
        kept.append(reader.generation)
        await published.write(a_document(generation=13), a_flag("chirp"))
        await until(lambda: reader.generation, is_=13)

    assert kept == [12, 12]
    assert reader.reason is Reason.SPLIT


async def test_bad_and_older_documents_never_reach_a_decision(reader: Reader, published: Published) -> None:
    await published.write(a_document())
    async with reader.following():
        await until(lambda: reader.generation, is_=12)
        for number, text in enumerate(("{", a_document(generation=11).to_json(), "x" * 900_000), start=1):
            await published.write(a_flag("chirp", generation=number), **{KEY: text})
            await until(lambda: _generation(reader, "chirp"), is_=number)
            assert reader.generation == 12

    rejected = reader.registry.get_sample_value("voice_flags_rejected_total", {"rollout": "f5-tts"})
    assert rejected == 3


def _generation(reader: Reader, rollout: str) -> int | None:
    document = reader.flags.document(rollout)
    return document.generation if document else None


async def test_a_document_of_nearly_a_mebibyte_arrives_whole(reader: Reader, published: Published) -> None:
    denied = frozenset(f"user-{number:06}" for number in range(50_000))
    await published.write(a_document())
    async with reader.following():
        await until(lambda: reader.generation, is_=12)
        await published.write(a_document(generation=13, deny=denied))
        await until(lambda: reader.generation, is_=13)

    assert reader.flags.evaluate("f5-tts", User("user-049999")).reason is Reason.DENY


async def test_before_the_first_rollout_there_is_no_config_map_and_that_is_well(
    reader: Reader, published: Published
) -> None:
    async with reader.following():
        await until(lambda: reader.flags.loaded)
        assert reader.flags.rollouts == []
        await published.write(a_document())
        await until(lambda: reader.flags.rollouts, is_=["f5-tts"])


async def test_an_api_server_that_falls_silent_is_noticed_and_missed_commits_are_made_good(
    reader: Reader, published: Published, api_server: ControlPlane
) -> None:
    await published.write(a_document())
    async with reader.following():
        await until(lambda: reader.generation, is_=12)
        api_server.signal("kube-apiserver", SIGSTOP)
        try:
            await until(lambda: reader.reason, is_=Reason.STALE)
            kept = reader.generation
        finally:
            api_server.signal("kube-apiserver", SIGCONT)
        await published.write(a_document(generation=13))
        await until(lambda: reader.generation, is_=13)

    assert kept == 12


async def test_an_api_server_that_is_killed_leaves_users_where_they_are_until_it_is_back(
    reader: Reader, published: Published, api_server: ControlPlane
) -> None:
    await published.write(a_document())
    async with reader.following():
        await until(lambda: reader.generation, is_=12)
        await asyncio.to_thread(api_server.restart, "kube-apiserver", SIGKILL)
        kept = reader.generation
        await published.write(a_document(generation=13))
        await until(lambda: reader.generation, is_=13)

    assert kept == 12


async def test_while_the_api_server_is_away_a_new_gateway_starts_from_the_mounted_copy(
    reader: Reader, published: Published, api_server: ControlPlane, tmp_path: Path
) -> None:
    await published.write(a_document(generation=14))
    publish(tmp_path, a_document(generation=13))
    api_server.signal("kube-apiserver", SIGSTOP)
    try:
        async with reader.following():
            await until(lambda: reader.generation, is_=13)
            reason = reader.reason
            api_server.signal("kube-apiserver", SIGCONT)
            await until(lambda: reader.generation, is_=14)
    finally:
        api_server.signal("kube-apiserver", SIGCONT)

    assert (reason, reader.reason) == (Reason.STALE, Reason.SPLIT)


async def test_a_new_token_is_used_when_the_old_one_has_ended(
    reader: Reader, published: Published, account: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await published.write(a_document())
    token = (account / "token").read_text()
    (account / "token").write_text("expired")
    async with reader.following():
        await until(lambda: "flags cannot be watched" in caplog.text)
        before = reader.flags.loaded
        (account / "token").write_text(token)
        await until(lambda: reader.generation, is_=12)

    assert not before
