"""How networks are trained: stages, batches, checkpoints, curves."""
