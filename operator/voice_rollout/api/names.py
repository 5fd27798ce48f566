"""Names that manifests, selectors and dashboards rely on."""

GROUP = "voicerollout.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "VoiceRollout"
PLURAL = "voicerollouts"

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "voice-rollout"
ROLLOUT_LABEL = f"{GROUP}/rollout"
VARIANT_LABEL = f"{GROUP}/variant"
GATEWAY_LABEL = f"{GROUP}/gateway"

DISABLED = "disabled"
STABLE = "stable"
CANDIDATE = "candidate"

ENGINES = ("espeak", "f5", "google", "xtts")


def flag_key(rollout: str) -> str:
    """The ConfigMap key that holds a rollout's flag document."""
    return f"{rollout}.flag.json"


def workload_name(rollout: str, variant: str) -> str:
    """Name of a variant's Deployment, Service and PodDisruptionBudget."""
    return f"{rollout}-{variant}"
