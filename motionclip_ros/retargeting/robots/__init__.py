"""What a robot is: its URDF, its limits, and which of its links follow which human joints."""
