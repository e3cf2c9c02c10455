"""`python -m agentjob_operator`."""

import sys

from agentjob_operator.app import main

if __name__ == "__main__":
    sys.exit(main())
