"""`make bench`: the figures of docs/performance.md, taken again by one command.

plane       a control plane with simulated nodes      measure/   one scenario per file
client, recorder, load   the harness                  auditlog, procfs   what is counted
budgets     what is promised (DESIGN.md §6)           report, why.md   docs/performance.md
"""
