"""The engine `Builtin`: a tool-calling loop over OpenAI Chat Completions."""
