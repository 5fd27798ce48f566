"""The process: kopf as its frame and alarm clock, probes, and the wiring of everything else."""
