"""Google Cloud Text-to-Speech: Chirp3-HD, WaveNet and its other voices, within their quotas."""

from voice_server.engines.google.engine import Google, create

__all__ = ["Google", "create"]
