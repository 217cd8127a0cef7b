"""A gRPC server between the real client and the real emulator, which can refuse a call, or do it and lose its answer."""

from __future__ import annotations

from concurrent import futures
from dataclasses import dataclass

import grpc

_SERVICE = "google.firestore.v1.Firestore"
_ONE_ANSWER = ("Commit",)
_STREAMS = ("BatchGetDocuments", "RunQuery")


@dataclass
class Fault:
    """``done``: the emulator does it first, and only its answer is replaced. ``times`` counts down."""

    method: str
    status: grpc.StatusCode
    done: bool = False
    times: int = 1


class FaultyFirestore:
    def __init__(self, emulator_port: int) -> None:
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self._channel = grpc.insecure_channel(f"127.0.0.1:{emulator_port}", [("grpc.enable_http_proxy", 0)])
        self._server = grpc.server(futures.ThreadPoolExecutor(16))
        handlers = {name: grpc.unary_unary_rpc_method_handler(self._unary(name)) for name in _ONE_ANSWER}
        handlers |= {name: grpc.unary_stream_rpc_method_handler(self._stream(name)) for name in _STREAMS}
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, handlers)])
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def close(self) -> None:
        self._server.stop(grace=None).wait()
        self._channel.close()

    def _unary(self, name: str):
        forward = self._channel.unary_unary(f"/{_SERVICE}/{name}")

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            fault = self._next(name)
            if fault is not None and not fault.done:
                context.abort(fault.status, "refused by the test")
            try:
                result = forward(request, metadata=_passed_on(context), timeout=10)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            if fault is not None:
                context.abort(fault.status, "done, and its answer lost by the test")
            return result

        return answer

    def _stream(self, name: str):
        forward = self._channel.unary_stream(f"/{_SERVICE}/{name}")

        def answer(request: bytes, context: grpc.ServicerContext):
            fault = self._next(name)
            if fault is not None and not fault.done:
                context.abort(fault.status, "refused by the test")
            for part in forward(request, metadata=_passed_on(context), timeout=10):
                yield part
                if fault is not None:
                    context.abort(fault.status, "broken off by the test")

        return answer

    def _next(self, name: str) -> Fault | None:
        self.calls.append(name)
        for fault in self.faults:
            if fault.method == name and fault.times > 0:
                fault.times -= 1
                return fault
        return None


def _passed_on(context: grpc.ServicerContext) -> list[tuple[str, str | bytes]]:
    wanted = ("authorization", "google-cloud-resource-prefix", "x-goog-request-params")
    return [(key, value) for key, value in context.invocation_metadata() if key in wanted]
