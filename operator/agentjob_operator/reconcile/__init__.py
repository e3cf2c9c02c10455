"""Brings one AgentJob a step further: observe, plan, create, PATCH status, delete. The only part that writes to the cluster.

reconciler   the flow              evidence   what the cache cannot tell
create       Secret and Job        write      status, Events, deletions
memory       what a restart may forget      network   NetworkPolicies
"""

from agentjob_operator.reconcile.errors import Stalled, Waiting
from agentjob_operator.reconcile.network import NetworkPolicies
from agentjob_operator.reconcile.reconciler import Reconciler

__all__ = ["NetworkPolicies", "Reconciler", "Stalled", "Waiting"]
