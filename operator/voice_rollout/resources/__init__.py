"""Wanted Kubernetes objects, built from a rollout: no input or output."""
