"""A wanted-person query by a client that was generated from nothing: it learns the API from the node by reflection.

Usage: search.py TARGET CA CERTIFICATE KEY REQUEST

TARGET is host:port of the local API, the three files are PEM, REQUEST is a SearchRequest in protobuf's JSON. Prints each
message of the stream as one line of protobuf's JSON.
"""

import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "concord.wanted.v1.WantedService"
METHOD = "Search"
# Longer than any search on one machine takes.
TIMEOUT_S = 20


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main(target, ca, certificate, key, request):
    credentials = grpc.ssl_channel_credentials(read(ca), read(key), read(certificate))
    with grpc.secure_channel(target, credentials) as channel:
        reflection = ProtoReflectionDescriptorDatabase(channel)
        services = list(reflection.get_services())
        if SERVICE not in services:
            sys.exit(f"reflection names no {SERVICE}, only {services}")
        method = DescriptorPool(reflection).FindServiceByName(SERVICE).FindMethodByName(METHOD)
        ask, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        search = channel.unary_stream(
            f"/{SERVICE}/{METHOD}",
            request_serializer=ask.SerializeToString,
            response_deserializer=answer.FromString,
        )
        for message in search(json_format.Parse(request, ask()), timeout=TIMEOUT_S):
            print(json_format.MessageToJson(message, indent=None), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
