"""Prometheus metrics.

definitions   every metric               agentjobs, queue, requests, reconciles   what is recorded where
recorder      counters and histograms    scrape                                   gauges read from what is there
process       all of it together, and the route
"""
