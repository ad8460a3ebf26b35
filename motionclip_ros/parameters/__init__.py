"""Parameters of the nodes: what there is, and how ROS 2 is told of it."""
