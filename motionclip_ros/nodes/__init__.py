"""ROS 2 nodes: each converts messages, calls the core and publishes, nothing more."""
