"""What the operator may do in the bundled MinIO: what it signs for pods and people, and its own look at what was stored. Pure."""

from typing import Any, Final

from agentjob_operator.settings import StorageSettings

POLICY: Final = "agentjob-operator"
"""Name of the policy; whoever has it is a user of ours."""


def policy_document(storage: StorageSettings) -> dict[str, Any]:
    """MinIO's policy for the operator's user: this bucket, below the prefix; neither deletes nor anything of the server.

    ListBucket, because a missing object is answered with 403 without it.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
    """
    bucket = f"arn:aws:s3:::{storage.bucket}"
    objects = f"{bucket}/{storage.prefix}/*" if storage.prefix else f"{bucket}/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket]},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": [objects]},
        ],
    }
