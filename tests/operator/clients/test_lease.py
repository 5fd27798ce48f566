"""Leadership on a real API server; every replica has clocks of its own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from kubernetes.aio import client

from cluster.control_plane import ControlPlane, free_ports
from support.rollouts import NOW
from voice_rollout.clients.cluster import Cluster
from voice_rollout.clients.lease import DEADLINE_SECONDS, DURATION_SECONDS, Lease, NotLeadingError

pytestmark = pytest.mark.cluster

NAME = "voice-rollout-operator"


@dataclass
class Replica:
    """One operator, with a monotonic clock that only the test winds, and a wall clock that may be wrong."""

    cluster: Cluster
    namespace: str
    identity: str
    skew: timedelta = timedelta(0)
    seconds: float = 1000.0
    lease: Lease = field(init=False)

    def __post_init__(self) -> None:
        place = (self.namespace, NAME)
        self.lease = Lease(self.cluster, place, self.identity, lambda: self.seconds, self.clock)

    def clock(self) -> datetime:
        return NOW + self.skew + timedelta(seconds=self.seconds)

    async def looks(self, after: float = 0.0) -> bool:
        """Try once, so many seconds later; says whether it leads then."""
        self.seconds += after
        await self.lease._try_once()
        return self.lease.is_held


@pytest.fixture
def one(api: client.ApiClient, namespace: str) -> Replica:
    return Replica(Cluster(api), namespace, "one")


@pytest.fixture
def two(api: client.ApiClient, namespace: str) -> Replica:
    return Replica(Cluster(api), namespace, "two", seconds=5.0)


async def live(replica: Replica) -> dict[str, Any]:
    found = await replica.cluster.get("Lease", replica.namespace, NAME)
    assert found is not None
    return found


async def spec_is(replica: Replica, **changes: Any) -> None:
    """Somebody else writes the Lease."""
    found = await live(replica)
    await replica.cluster.replace(found | {"spec": found["spec"] | changes})


def delete(api_server: ControlPlane, replica: Replica) -> None:
    api_server.kubectl("delete", "lease", NAME, "-n", replica.namespace)


async def test_the_first_one_leads_and_the_second_waits(one: Replica, two: Replica) -> None:
    assert [await one.looks(), await two.looks()] == [True, False]
    assert one.lease.epoch == 1
    assert (await live(one))["spec"]["holderIdentity"] == "one"


async def test_a_leader_that_renews_goes_on_for_ever_in_the_same_epoch(one: Replica, two: Replica) -> None:
    for _ in range(20):
        assert [await one.looks(after=2), await two.looks(after=2)] == [True, False]

    assert one.lease.epoch == 1


async def test_nothing_may_be_written_without_the_lease(one: Replica, two: Replica) -> None:
    with pytest.raises(NotLeadingError):
        one.lease.check()
    await one.looks()
    await two.looks()

    one.lease.check()
    with pytest.raises(NotLeadingError):
        two.lease.check()


async def test_a_leader_that_could_not_renew_stops_before_another_may_start(
    one: Replica, two: Replica
) -> None:
    await one.looks()
    await two.looks()
    one.seconds += DEADLINE_SECONDS
    two.seconds += DEADLINE_SECONDS

    assert not one.lease.is_held
    assert not await two.looks()
    assert not await two.looks(after=DURATION_SECONDS - DEADLINE_SECONDS)
    assert await two.looks(after=0.1)
    assert two.lease.epoch == 2


async def test_a_frozen_leader_that_wakes_up_finds_itself_replaced(one: Replica, two: Replica) -> None:
    await one.looks()
    await two.looks()
    await two.looks(after=DURATION_SECONDS + 0.1)
    one.seconds += 40

    assert not one.lease.is_held
    assert not await one.looks()
    with pytest.raises(NotLeadingError):
        one.lease.check()


async def test_a_renewal_starts_the_waiting_ones_clock_anew(one: Replica, two: Replica) -> None:
    await one.looks()
    await two.looks()
    await one.looks(after=9)

    assert not await two.looks(after=DURATION_SECONDS + 0.1)
    assert await two.looks(after=DURATION_SECONDS + 0.1)


@pytest.mark.parametrize("skew", [-120, 120])
async def test_a_wall_clock_that_is_wrong_changes_nothing(one: Replica, two: Replica, skew: int) -> None:
    two.skew = timedelta(seconds=skew)
    await one.looks()
    for _ in range(10):
        assert [await two.looks(after=2), await one.looks(after=2)] == [False, True]

    assert not await two.looks(after=0.1)
    assert await two.looks(after=DURATION_SECONDS + 0.1)
    assert not await one.looks()


async def test_of_two_who_find_it_expired_one_leads(
    one: Replica, two: Replica, api: client.ApiClient
) -> None:
    three = Replica(Cluster(api), one.namespace, "three")
    await one.looks()
    await two.looks()
    await three.looks()
    later = DURATION_SECONDS + 0.1

    assert [await two.looks(after=later), await three.looks(after=later)] == [True, False]


async def test_each_takeover_is_a_later_epoch(one: Replica, two: Replica) -> None:
    leaders = [one, two] * 3
    epochs = []
    for leader in leaders:
        await leader.looks()
        await leader.looks(after=DURATION_SECONDS + 0.1)
        epochs.append(leader.lease.epoch)

    assert epochs == [1, 2, 3, 4, 5, 6]


async def test_a_released_lease_is_taken_at_once(one: Replica, two: Replica) -> None:
    await one.looks()
    await two.looks()
    await one.lease.release()

    assert not one.lease.is_held
    assert await two.looks()
    assert two.lease.epoch == 2


async def test_only_the_holder_releases(one: Replica, two: Replica) -> None:
    await one.looks()
    await two.looks()
    await two.lease.release()

    assert (await live(one))["spec"]["holderIdentity"] == "one"


async def test_a_restarted_holder_goes_on_at_once(one: Replica, api: client.ApiClient) -> None:
    await one.looks()
    again = Replica(Cluster(api), one.namespace, "one")

    assert await again.looks()


async def test_a_hand_that_takes_the_lease_away_is_obeyed(one: Replica) -> None:
    await one.looks()
    await spec_is(one, holderIdentity="somebody", leaseTransitions=7)

    assert not await one.looks()
    assert await one.looks(after=DURATION_SECONDS + 0.1)
    assert one.lease.epoch == 8


async def test_a_duration_written_by_somebody_else_locks_nobody_out(one: Replica, two: Replica) -> None:
    await one.looks()
    await spec_is(one, leaseDurationSeconds=1_000_000)
    await two.looks()

    assert await two.looks(after=DURATION_SECONDS + 0.1)


async def test_a_deleted_lease_is_made_again_by_its_holder_in_a_later_epoch(
    one: Replica, two: Replica, api_server: ControlPlane
) -> None:
    await one.looks()
    await two.looks()
    one.seconds += DURATION_SECONDS
    await two.looks(after=DURATION_SECONDS + 0.1)
    delete(api_server, two)

    assert not await one.looks(), "the holder may not have noticed yet"
    assert await two.looks(after=2)
    assert two.lease.epoch == 3
    assert not await one.looks()


async def test_a_deleted_lease_whose_holder_is_gone_is_made_again_in_a_later_epoch(
    one: Replica, two: Replica, api_server: ControlPlane
) -> None:
    await one.looks()
    await two.looks()
    delete(api_server, two)

    assert not await two.looks(after=2)
    assert not await two.looks(after=DURATION_SECONDS)
    assert await two.looks(after=0.1)
    assert two.lease.epoch == 2


async def test_an_api_server_that_cannot_be_asked_takes_leadership_only_by_time(one: Replica) -> None:
    await one.looks()

    (port,) = free_ports(1)
    async with client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{port}")) as nowhere:
        one.lease._cluster = Cluster(nowhere)

        assert await one.looks(after=DEADLINE_SECONDS - 0.1)
        assert not await one.looks(after=0.1)
