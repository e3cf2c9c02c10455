"""The API server, as raw JSON: `kubernetes` finds the cluster and the credential, aiohttp and orjson carry the requests.

auth    where the cluster is, and fresh tokens      client   one request, its errors by class
paths   URLs                                        lists    paged LISTs
"""
