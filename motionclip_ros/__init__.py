"""From text to a humanoid's joint trajectory: retargeting, simulation, ROS 2 nodes."""
