"""The container `model-proxy`: the only one that holds the model's key. It forwards one model's calls and enforces the budgets.

    main ─► server ─► call      (pure) what the caller asks for, and what is sent in its place
                  ├─► ledger ─► budget (pure) reservations, so that parallel calls cannot pass a limit together
                  └─► relay  ─► meter, redact (pure) counts what comes back and takes the key out of it

How exact the limits are: before a call its input is estimated as bytes / 4 and its reply is capped to what is left, both
are reserved, and after the call the provider's own `usage` replaces the estimate. So the count can pass a limit only by
the error of the input's estimate of the calls then running, and by what an endpoint adds that ignores the cap: a stream
is cut when bytes / 4 of what came passes what is left, a whole reply has been paid for when it arrives.
"""
