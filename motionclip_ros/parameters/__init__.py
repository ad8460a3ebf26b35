"""Parameters of the nodes: what there is (`definitions`), and how ROS 2 is told (`declaration`)."""
