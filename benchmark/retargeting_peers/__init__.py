"""Retargeters measured side by side: ours, a Pinocchio loop, pin-pink and recorded GMR."""
