"""What a trajectory asks of the robot: figures, and one verdict with its reason."""
