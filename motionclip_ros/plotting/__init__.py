"""Plots of training runs, evaluations and retargeting reports."""
