"""A folder of human motions becomes a folder of robot trajectories, on all cores or a cluster."""
