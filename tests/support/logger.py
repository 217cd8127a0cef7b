"""Logging, left as it was found: what configures it, ours or functions-framework, does so
for the whole process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    loggers = [
        root,
        *(
            logger
            for logger in root.manager.loggerDict.values()
            if isinstance(logger, logging.Logger)
        ),
    ]
    before = [
        (logger, logger.handlers[:], logger.level, logger.propagate, logger.disabled)
        for logger in loggers
    ]
    try:
        yield
    finally:
        for logger, handlers, level, propagate, disabled in before:
            logger.handlers[:], logger.propagate, logger.disabled = handlers, propagate, disabled
            logger.setLevel(level)
