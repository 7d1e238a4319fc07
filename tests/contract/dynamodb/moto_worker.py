"""moto in a process of its own: pickled calls on standard input, pickled answers on standard output.

moto keeps copies of whole tables for every transaction, so it must not share a process with anything.
"""

import os
import pickle
import resource
import sys

os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_DEFAULT_REGION="us-east-1")

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws


def main() -> None:
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with mock_aws():
        client = botocore.session.Session().create_client(
            "dynamodb", config=Config(parameter_validation=False, retries={"total_max_attempts": 1})
        )
        call = getattr(client, "_make_api_call")  # noqa: B009  the seam of PynamoDB too
        while True:
            try:
                operation, parameters = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                answer = call(operation, parameters)
                answer.pop("ResponseMetadata", None)
            except ClientError as refusal:
                answer = {"refused": refusal.response}
            except Exception as failure:  # moto's own defects: an answer like any other, to be told apart
                answer = {"refused": {"Error": {"Code": f"Crash: {type(failure).__name__}", "Message": ""}}}
            pickle.dump(answer, sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
