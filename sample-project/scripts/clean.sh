#!/bin/sh
# Deletes everything that can be made again: label sheets, packages, caches, the development database.
set -eu
cd "$(dirname "$0")/.."
rm -rf build dist
find . -name __pycache__ -type d -prune -exec rm -rf {} +
rm -f parcels.sqlite3 ./*.log
echo "clean"
