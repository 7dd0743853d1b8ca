#!/usr/bin/env bash
#
# Installs what is missing, by apt; does nothing when nothing is.
#
#   util/deps.sh build|run|test|check|asan|valgrind|fuzz|instructions|tools|
#                bench|peers|conformance
#
# With NGINX_SRC set the nginx headers are those of that tree, and nginx itself
# is whatever HC_NGINX names.

set -eu

. "$(dirname "$0")/apt.sh"


packages() {
    local build='make gcc libc6-dev libhiredis-dev libmemcached-dev libyajl-dev'
    local run="$build redis-server python3 curl"
    local tools='make gcc libc6-dev libyajl-dev zlib1g-dev'
    local conformance='python3'
    local test
    local peers='haproxy varnish memcached libnginx-mod-http-lua
                 libnginx-mod-http-srcache-filter libnginx-mod-http-memc
                 squid trafficserver'

    if [ -n "${NGINX_SRC:-}" ]; then
        build="$build libpcre2-dev zlib1g-dev libssl-dev"
    else
        build="$build nginx nginx-dev"
    fi

    # Debian's, unless there are others
    command -v node >/dev/null || conformance="$conformance nodejs"
    command -v npm >/dev/null || conformance="$conformance npm"

    test="$run $tools $conformance
          libcmocka-dev nghttp2-client php-cgi wrk perl"

    case $1 in
        build)    echo "$build" ;;
        run)      echo "$build $run" ;;
        test)     echo "$build $test" ;;
        check)    echo "$build $test universal-ctags" ;;
        asan)     echo "$build $test dpkg-dev" ;;
        valgrind) echo "$build $test valgrind" ;;
        fuzz)     echo "$build clang libclang-rt-dev" ;;
        instructions) echo "$build python3 valgrind" ;;
        tools)    echo "$tools" ;;
        bench)    echo "$build $run wrk util-linux" ;;
        peers)    echo $peers ;;
        conformance) echo "$build $conformance" ;;
        *)        die "usage: deps.sh build|run|test|check|asan|valgrind|fuzz|" \
                      "instructions|tools|bench|peers|conformance" ;;
    esac
}


# Packages that bring a service are switched off where they are new here: an
# install must not put a web server on port 80, now or after a reboot.

disable_services() {
    local p

    command -v systemctl >/dev/null 2>&1 || return 0

    for p in "$@"; do
        case $p in
            nginx|redis-server|haproxy|varnish|memcached|squid|trafficserver)
                say "leaving the service $p disabled"
                as_root systemctl disable --now --quiet "$p" 2>/dev/null || :
                ;;
        esac
    done
}


# Peers of the bench that cannot be had are left out one by one.

install() {
    local group=$1 p

    shift
    apt_install "$@" && return 0
    [ "$group" = peers ] || return 1

    for p in "$@"; do
        apt_install "$p" || say "not to be had here: $p"
    done
}


main() {
    local want missing

    want=$(packages "${1:-}")

    if ! command -v apt-get >/dev/null 2>&1; then
        say "no apt here: these are expected to be installed: $want"
        return 0
    fi

    # words on purpose
    # shellcheck disable=SC2086
    missing=$(apt_missing $want | sort -u | tr '\n' ' ')

    if [ -n "$missing" ]; then
        say "missing here: $missing"
        apt_update
        # shellcheck disable=SC2086
        install "$1" $missing
        # shellcheck disable=SC2086
        disable_services $missing
    fi

    case $1 in
        test|check|asan) "$(dirname "$0")/test-nginx.sh" ;;
    esac
}


main "$@"
