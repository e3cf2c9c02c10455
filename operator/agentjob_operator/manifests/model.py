"""Which model an attempt uses: the spec's, with the administrator's defaults for what it leaves out."""

from agentjob_api.base import Money
from agentjob_api.job_config import ModelConfig
from agentjob_api.spec import AgentJobSpec, SecretKeyRef

from agentjob_operator.settings import ModelDefaults


def model_config(spec: AgentJobSpec, defaults: ModelDefaults) -> ModelConfig:
    """Name, endpoint and prices. Default prices are those of the default model only."""
    name = spec.model.name or defaults.name
    endpoint = spec.model.endpoint or defaults.endpoint
    prices = spec.model.prices
    is_default = (name, endpoint) == (defaults.name, defaults.endpoint)
    per_input = defaults.input_per_million_tokens if is_default else None
    per_output = defaults.output_per_million_tokens if is_default else None
    return ModelConfig(
        api=spec.model.api,
        name=name,
        endpoint=endpoint,
        input_per_million_tokens=_decimal(prices.input_per_million_tokens if prices else per_input),
        output_per_million_tokens=_decimal(prices.output_per_million_tokens if prices else per_output),
        images=spec.model.images,
    )


def _decimal(money: Money | None) -> str | None:
    return None if money is None else str(money)


def api_key_ref(spec: AgentJobSpec, defaults: ModelDefaults) -> SecretKeyRef | None:
    """The Secret key that model-proxy is given, or None.

    The default key goes to the default endpoint only: otherwise whoever may create an AgentJob, but not read Secrets, could
    have it sent to an endpoint of their own.
    """
    if spec.model.api_key_secret_ref is not None:
        return spec.model.api_key_secret_ref
    if defaults.api_key_secret_name is None or (spec.model.endpoint or defaults.endpoint) != defaults.endpoint:
        return None
    return SecretKeyRef(name=defaults.api_key_secret_name, key=defaults.api_key_secret_key)
