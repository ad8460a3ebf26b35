"""Targets to joint paths: the rows of the least-squares problem and the solver of whole clips."""
