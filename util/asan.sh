#!/usr/bin/env bash
#
# Builds nginx and the module with sanitizers and runs the suites on them:
#
#   util/asan.sh [t/x.t ...]
#
# AddressSanitizer is on everything, with pools that give every allocation a
# block of its own (else they hide overruns).  UndefinedBehaviorSanitizer is on
# our objects only: the core is not clean.  Reports go to build/asan-logs; one
# is enough to fail.
#
# nginx is the packaged source of the installed one, or NGINX_SRC.

set -eu

cd "$(dirname "$0")/.."
top=$PWD
dir=$top/build/asan
logs=$top/build/asan-logs


build() {
    local inputs cflags

    if [ -z "${NGINX_SRC:-}" ]; then
        util/nginx-src.sh build/nginx-src
        export NGINX_SRC=$top/build/nginx-src
    fi

    # configured anew only when something that matters has changed
    inputs=$(printf '%s\n' "$NGINX_SRC" "$(cat "$NGINX_SRC/.version" \
                 2>/dev/null)" src/*/*.[ch] "${CC:-cc}"
             cat config util/configure.sh util/asan.sh | cksum)

    if [ "$inputs" != "$(cat "$dir.inputs" 2>/dev/null)" ]; then
        rm -f "$dir.inputs"
        util/configure.sh "$dir" asan
        printf '%s\n' "$inputs" > "$dir.inputs"
    fi

    echo "  building nginx"
    make --no-print-directory -s -j"$(nproc)" -C "$dir" -f objs/Makefile binary

    echo "  building the module"
    cflags=$(sed -n 's/^CFLAGS = *//p' "$dir/objs/Makefile")
    make --no-print-directory -s -j"$(nproc)" -C "$dir" -f objs/Makefile \
        modules CFLAGS="$cflags -fsanitize=undefined"
}


# The options are nginx's alone, and Test::Nginx has opinions of its own about
# ASAN_OPTIONS in the environment.  nginx frees nothing it does not have to at
# exit, so leaks are left to the unit tests.  ngx_modules is in nginx and in
# every module, by design.

wrapper() {
    mkdir -p "$dir/prefix/logs"

    cat > "$dir/nginx" <<END
#!/bin/sh
ASAN_OPTIONS=log_path=$logs/asan:detect_leaks=0:detect_odr_violation=0:strict_string_checks=1
UBSAN_OPTIONS=log_path=$logs/ubsan:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
exec $dir/objs/nginx "\$@"
END
    chmod +x "$dir/nginx"
}


main() {
    local rc=0

    build
    wrapper

    rm -rf "$logs"
    # workers of root may be nobody
    mkdir -p "$logs"
    chmod 1777 "$logs"

    [ $# -gt 0 ] || set -- -r t

    TEST_NGINX_BINARY=$dir/nginx \
    HC_NGINX=$dir/nginx \
    HC_MODULE=$dir/objs/ngx_http_hc_module.so \
    HC_SLOW=${HC_SLOW:-3} \
    TEST_NGINX_TIMEOUT=${TEST_NGINX_TIMEOUT:-10} \
        prove -It/lib "$@" || rc=$?

    if [ -n "$(ls -A "$logs")" ]; then
        head -n 60 "$logs"/* >&2
        echo "asan: $(ls "$logs" | wc -l) reports in build/asan-logs" >&2
        rc=1
    else
        echo "asan: no report"
    fi

    return $rc
}


main "$@"
