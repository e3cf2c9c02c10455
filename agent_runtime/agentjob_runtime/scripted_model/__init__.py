"""A model that says what a script tells it to: a real HTTP server that speaks OpenAI Chat Completions, for demo and tests.

The request's `model` chooses the script: `todo-app` is `scripts/todo-app.yaml`; `inline` is a script in the task itself,
in a fenced block ```` ```script ````; `examples` is the script of that one of manifests/examples whose task it is;
`NAME+FAULT` or `NAME+FAULT:TIMES` fails before the first turn, as `echo+RateLimit:2` does. Each request is checked for
what providers demand of a conversation; a violation is HTTP 400 and is remembered under `GET /violations`.

    main ─► server ─► library ─► script        (pure) scripts, from files and from the task
                  ├─► invariants, expectations (pure) is the request well-formed, did the tools say what they should
                  ├─► history                  (pure) which turn is due, from the conversation alone
                  ├─► faults                   which failure is due; the only state beside the journal
                  ├─► reply ─► wire            (pure) a turn as a completion or as chunks of a stream
                  └─► journal                  violations and counts
"""
