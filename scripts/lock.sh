#!/usr/bin/env bash
# Installs the project with its extras into a clean environment and writes what that gave, exactly pinned.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet torch==2.13.0
"$environment/bin/python" -m pip install --quiet ".[audio,demo,dev,ray]"
{
    echo "# Written by \`make lock\`: exact versions of everything the project runs, tests and documents with."
    # A local build of torch carries a suffix (+cpu, +cu130) that an index need not have.
    "$environment/bin/python" -m pip freeze --exclude commonspace | sed -E 's/^(torch==[0-9.]+)\+.*/\1/'
} > requirements.lock
