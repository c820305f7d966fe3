#!/bin/sh
# Prints the label sheets of all announced parcels into build/.
set -eu
cd "$(dirname "$0")/.."
PYTHONPATH=src PARCELS_DATABASE=:memory: python3 -m parcels labels --out build
