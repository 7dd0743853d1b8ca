#!/usr/bin/env bash
#
# What a request costs in instructions, counted by callgrind: a hit in L1
# beside nginx's own `return 200` of the same bytes.  The same on a busy
# machine as on a quiet one.
#
#   bench/instructions.sh [arguments of bench/instructions.py]
#
# Needs build/ngx_http_hc_module.so; HC_NGINX names another nginx.

set -eu

cd "$(dirname "$0")/.."

# nginx lives in sbin, which is not in everybody's path
export PATH=$PATH:/usr/sbin:/sbin

util/deps.sh instructions

if [ ! -e build/ngx_http_hc_module.so ]; then
    echo "instructions.sh: no module, run make build first" >&2
    exit 1
fi

exec python3 bench/instructions.py "$@"
