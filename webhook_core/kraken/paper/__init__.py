"""Kraken's REST API in this process: the paper venue.

It shares nothing with the planner, so that each checks the other.
"""
