"""Judging and deciding: state, readings and the time in, a decision out. No clock, no network, no Kubernetes."""
