"""Uploads objects under the attempt's prefix with the POST policy that the operator mounted.

`uploader.Uploader.put` is the way in; it raises `errors.UploadError`. `multipart` and `faults` are pure, `post` is one request.
"""
