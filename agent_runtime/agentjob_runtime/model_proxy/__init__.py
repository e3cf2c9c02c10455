"""The container `model-proxy`: the only one that holds the model's key. It forwards one model's calls and enforces the budgets.

    main ─► server ─► call      (pure) what the caller asks for, and what is sent in its place
                  ├─► ledger ─► budget (pure) reservations, so that parallel calls cannot pass a limit together
                  └─► relay  ─► meter, redact (pure) counts what comes back and takes the key out of it

How exact the limits are: before a call its input is estimated from its bytes, its reply is capped to what is left, both are
reserved, and a call that does not fit is refused before it is made; after the call the provider's own `usage` replaces the
estimate. The first call is taken for bytes / 4 tokens, every other for as many tokens a byte as the last one really had (between
bytes / 8 and bytes). So a limit is kept to within the estimate of one call (of the calls then running, if an agent makes several
at once): the count can pass it by the tokens that the last calls' input has beyond its estimate, which is most on an attempt's
first call and after a sudden change of what is sent; and by what an endpoint adds that ignores the cap: a stream is cut when
bytes / 4 of what came passes what is left, a whole reply has been paid for when it arrives.
"""
