"""Feature flags that keep every user on his side: the document, the frozen bucket, the evaluation."""

from voice_flags.bucket import BUCKETS, bucket
from voice_flags.document import Document, Endpoint, Variant
from voice_flags.evaluation import Evaluation, Reason, User, evaluate
from voice_flags.feature import is_feature_enabled
from voice_flags.mounted import MountedFlags, read_mounted
from voice_flags.reading import DocumentError
from voice_flags.snapshot import SUFFIX, Snapshot

__all__ = [
    "BUCKETS",
    "SUFFIX",
    "Document",
    "DocumentError",
    "Endpoint",
    "Evaluation",
    "MountedFlags",
    "Reason",
    "Snapshot",
    "User",
    "Variant",
    "bucket",
    "evaluate",
    "is_feature_enabled",
    "read_mounted",
]
