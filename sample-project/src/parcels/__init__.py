"""A small parcel tracker: scans come in over HTTP, states and prices come out."""

__version__ = "0.4.2"
