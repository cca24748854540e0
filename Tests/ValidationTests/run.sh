#!/usr/bin/env bash
# The part of the validation that is cheap enough for `make test`.
exec "$(dirname "$0")/check.sh" quick
