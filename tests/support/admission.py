"""Asking the API server what it would let in, without leaving anything there."""

from typing import Any

import pytest

from support.kube import ROLLOUTS, Kube, RefusedError
from support.rollouts import Manifest, a_resource

STRICT = f"{ROLLOUTS}?dryRun=All&fieldValidation=Strict"


async def admit(kube: Kube, namespace: str, body: Manifest) -> Manifest:
    """The object as it would be stored."""
    return await kube.create(STRICT.format(namespace), body)


async def refusal(kube: Kube, namespace: str, body: Manifest) -> str:
    """What the API server has against it."""
    with pytest.raises(RefusedError) as refused:
        await admit(kube, namespace, body)
    return str(refused.value)


def named(name: str, **spec: Any) -> Manifest:
    """A rollout as a person would send it."""
    body = a_resource(name, **spec)
    return body | {"metadata": {"name": name}}
