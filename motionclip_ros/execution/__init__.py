"""Trajectories while they are executed: replaced, stopped, slowed, reduced; without ROS."""
