"""`python -m agentjob_operator`."""

import gc
import sys

if __name__ == "__main__":
    # What is imported stays: looking through it for garbage is a tenth of a start, and of each later collection a part.
    gc.disable()
    from agentjob_operator.app import main

    gc.freeze()
    gc.enable()
    sys.exit(main())
