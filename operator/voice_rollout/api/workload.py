"""One side of a rollout: pods that the operator runs, or a Service that runs already."""

from typing import Annotated

from pydantic import Field, StringConstraints

from .names import ENGINES
from .part import Part, with_rules
from .quantities import ConfigKey, JsonSchema, Name, rule, rules


class Gpu(Part):
    """The card a pod needs."""

    product: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")]
    """Value of the node label `nvidia.com/gpu.product`."""
    count: Annotated[int, Field(ge=1, le=8)] = 1


MountPath = Annotated[str, StringConstraints(pattern=r"^/[-._/a-zA-Z0-9]+$", max_length=256)]


def _a_place_for(what: str, usual: str) -> JsonSchema:
    return rules(
        rule(
            "!self.matches('^/+tmp/*$') && !self.contains('..')",
            f"is not a place for {what}: write another folder than /tmp, without .., such as {usual}",
        )
    )


class Model(Part):
    """A volume with the model's files, mounted read-only."""

    claim: Name
    """PersistentVolumeClaim in the same namespace."""
    mount_path: Annotated[MountPath, Field(json_schema_extra=_a_place_for("a model", "/models"))] = "/models"


class Voices(Part):
    """A volume with recordings, mounted writable: voices can be added while the pods run."""

    claim: Name
    """PersistentVolumeClaim in the same namespace, ReadWriteMany when there are several pods.

    Both sides may name the same one: then they share their voices.
    """
    mount_path: Annotated[MountPath, Field(json_schema_extra=_a_place_for("voices", "/voices"))] = "/voices"
    """Engines are told of it in VOICE_VOICES_PATH."""


class SecretKey(Part):
    """One key of a Secret in the same namespace."""

    secret: Name
    key: ConfigKey


Quantity = Annotated[
    str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", max_length=16)
]
VOICES_ENV = "VOICE_VOICES_PATH"
"""The operator's to set where there are `voices`, else the user's: recordings may lie anywhere in a model's volume."""
OPERATOR_ENV = ("VOICE_ENGINE", "VOICE_MODEL_PATH", "VOICE_PORT", "VOICE_ROLLOUT", "VOICE_VARIANT")
"""Who a pod is: the operator's to say, since metrics are labelled by it."""
_ENV_NAMES = rules(
    rule(
        "self.all(k, k.matches('^[A-Za-z_][A-Za-z0-9_]*$') && k.size() <= 128)",
        "has a name that no environment can hold: write letters, digits and _ only, as in F5_NFE",
    ),
    rule(
        f"self.all(k, !(k in {list(OPERATOR_ENV)}))",
        f"sets a variable that the operator sets: leave out {', '.join(OPERATOR_ENV)}",
    ),
)
_COMPUTE = rules(
    rule(
        "self.all(k, k in ['cpu', 'memory', 'ephemeral-storage'])",
        "names something else than cpu, memory and ephemeral-storage: write GPUs under gpu, leave out the rest",
    )
)


class Resources(Part):
    """CPU and memory, as in a pod."""

    model_config = with_rules(
        rule(
            "!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits)"
            " || quantity(self.requests[k]).compareTo(quantity(self.limits[k])) <= 0)",
            "requests more than its limit: write requests <= limits",
        )
    )

    requests: Annotated[dict[str, Quantity], Field(max_length=4, json_schema_extra=_COMPUTE)] = {}
    limits: Annotated[dict[str, Quantity], Field(max_length=4, json_schema_extra=_COMPUTE)] = {}


class Replicas(Part):
    """Pods at the smallest and at the full share."""

    model_config = with_rules(rule("self.min <= self.max", "min is above max: write min <= max"))

    min: Annotated[int, Field(ge=1, le=200)] = 1
    max: Annotated[int, Field(ge=1, le=200)] = 1


_VOICES_OF_THEIR_OWN = (
    rule(
        f"!has(self.voices) || !((has(self.env) && '{VOICES_ENV}' in self.env)"
        f" || (has(self.secretEnv) && '{VOICES_ENV}' in self.secretEnv))",
        f"sets {VOICES_ENV} beside voices: leave it out and write that folder in voices.mountPath",
    ),
    rule(
        "!has(self.voices) || !has(self.model) || self.voices.claim != self.model.claim",
        "has one claim for model and voices, which no pod can mount twice: give voices a claim of their own",
    ),
    rule(
        "!has(self.voices) || !has(self.model) ||"
        " [self.voices.mountPath + '/', self.model.mountPath + '/'].all(p, !p.contains('//') && !p.contains('/./'))",
        "has voices beside a mountPath with //, /./ or a / at its end: write it plainly, such as /models",
    ),
    rule(
        "!has(self.voices) || !has(self.model) ||"
        " !((self.voices.mountPath + '/').startsWith(self.model.mountPath + '/')"
        " || (self.model.mountPath + '/').startsWith(self.voices.mountPath + '/'))",
        "mounts voices and model one over the other: write folders side by side, such as /voices and /models",
    ),
)


class Workload(Part):
    """Pods that the operator runs. There is no free pod template: what is not here cannot be asked for."""

    model_config = with_rules(
        rule(
            "has(self.engine) || has(self.image)",
            "says neither engine nor image: write engine: espeak, or the image of your own server",
        ),
        rule(
            "!has(self.env) || !has(self.secretEnv) || self.env.all(k, !(k in self.secretEnv))",
            "has one name in env and in secretEnv: keep one of the two",
        ),
        *_VOICES_OF_THEIR_OWN,
    )

    engine: Annotated[str, Field(json_schema_extra={"enum": list(ENGINES)})] | None = None
    """One of ours. Without it, `image` is any server that answers `POST /v1/audio/speech`."""
    image: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    """Default for our engines: the image that the chart names."""
    args: Annotated[list[Annotated[str, StringConstraints(max_length=1024)]], Field(max_length=64)] = []
    env: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=64, json_schema_extra=_ENV_NAMES),
    ] = {}
    secret_env: Annotated[dict[str, SecretKey], Field(max_length=32, json_schema_extra=_ENV_NAMES)] = {}
    port: Annotated[int, Field(ge=1024, le=65535)] = 8000
    gpu: Gpu | None = None
    """Omitted: a pod without a GPU."""
    model: Model | None = None
    voices: Voices | None = None
    """Omitted: pods speak with the voices among the model's files, and none can be added."""
    resources: Resources = Resources()
    replicas: Replicas = Replicas()


class Service(Part):
    """Something that already runs. It is called, never touched."""

    name: Name
    port: Annotated[int, Field(ge=1, le=65535)] = 80


class Variant(Part):
    """One side of the rollout. With neither `workload` nor `service`, only the flag is served."""

    model_config = with_rules(
        rule(
            "!(has(self.workload) && has(self.service))", "has both workload and service: keep one of the two"
        ),
    )

    name: Name
    """Shown to people and used as a metric label."""
    workload: Workload | None = None
    service: Service | None = None
