"""NetworkPolicies: pure functions from the settings, or an attempt, to plain objects.

namespace   the same for every namespace       allow        an AgentJob's own
destinations   rules from URLs                 ranges       public addresses
"""

from agentjob_operator.manifests.network.allow import allow_policy
from agentjob_operator.manifests.network.namespace import NAMES, namespace_policies

__all__ = ["NAMES", "allow_policy", "namespace_policies"]
