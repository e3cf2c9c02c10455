"""Runs beside the chart's MinIO, in its pod, with its root login: makes what the operator needs there, at each start and when it is lost.

rights     what the operator's user may do (pure)
setup      bucket, retention rule, user
keep       when
"""
