"""Python imports this by its name at its start. What the operator's image does not hold is not imported here either."""

import sys

# structlog would import it for tracebacks on a terminal: a sixth of a start, and of the memory.
sys.modules["rich"] = None  # type: ignore[assignment]
