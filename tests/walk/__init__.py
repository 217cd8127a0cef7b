"""A random walk over real sockets: alerts, stops that fire and limits that fill, against the paper
engine read with lag.

``clock`` is the time of both sides, moved by calls and sleeps; ``exchange`` serves the paper
engine, each read late on its own; ``fleet`` are the instances, in this process and in one beside
it; ``steps`` are what may happen, each with what must be held after it; ``book`` tells it from the
exchange's book alone; ``run`` walks, and shrinks a walk that failed.
"""
