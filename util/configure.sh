#!/usr/bin/env bash
#
# Configures an nginx build tree for the module:
#
#   util/configure.sh <dir> module    against NGINX_SRC, else the installed
#                                     nginx-dev; only the module is to be made
#   util/configure.sh <dir> asan      NGINX_SRC with AddressSanitizer, nginx
#                                     and module
#
# <dir> becomes a tree of links to the sources, because nginx's configure
# writes beside them.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd)


link_sources() {
    local src=$1 dir=$2 name entry

    rm -rf "$dir"
    mkdir -p "$dir"

    for entry in "$src"/*; do
        name=${entry##*/}
        case $name in
            Makefile|objs) ;;
            *) ln -s "$entry" "$dir/$name" ;;
        esac
    done

    # a checkout has it one level down
    if [ ! -e "$dir/configure" ] && [ -e "$src/auto/configure" ]; then
        ln -s "$src/auto/configure" "$dir/configure"
    fi

    if [ ! -e "$dir/configure" ]; then
        rm -rf "$dir"
        echo "configure.sh: no nginx source in $src" \
             "(make deps installs nginx-dev; or NGINX_SRC=dir)" >&2
        exit 1
    fi
}


main() {
    local dir=$1 kind=$2 src=${NGINX_SRC:-/usr/share/nginx/src}
    local cc_opt ld_opt
    local -a NGX_CONF_FLAGS=(--with-compat --with-debug --with-threads
                             --with-http_ssl_module --with-http_v2_module)

    case $src in
        /*) ;;
        *)  src=$top/$src ;;
    esac

    link_sources "$src" "$dir"

    # the flags of the package: an array of that name
    if [ -f "$src/conf_flags" ]; then
        . "$src/conf_flags"
    fi

    case $kind in
        module)
            cc_opt="-O2 -fPIC -fstack-protector-strong -Wformat"
            cc_opt="$cc_opt -Werror=format-security -D_FORTIFY_SOURCE=2"
            ld_opt="-Wl,-z,relro -Wl,-z,now -fPIC"
            ;;
        asan)
            cc_opt="-O1 -fno-omit-frame-pointer -fsanitize=address -fPIC"
            cc_opt="$cc_opt -DNGX_DEBUG_PALLOC=1 -DHC_TEST_HOOKS=1"
            ld_opt="-fsanitize=address,undefined -fPIC"
            NGX_CONF_FLAGS+=(--prefix="$top/build/asan/prefix"
                             --with-http_stub_status_module
                             --with-http_realip_module
                             --with-http_auth_request_module
                             --with-http_slice_module
                             --with-http_addition_module
                             --with-http_gunzip_module
                             --with-http_gzip_static_module
                             --with-http_sub_module)
            ;;
    esac

    if [ "${HC_DEBUG:-0}" != 0 ] || [ "$kind" = asan ]; then
        cc_opt="$cc_opt -DHC_DEBUG=1"
    fi

    cd "$dir"
    if ! bash ./configure "${NGX_CONF_FLAGS[@]}" --builddir=objs \
             --with-cc="${CC:-cc}" \
             --with-cc-opt="$cc_opt" --with-ld-opt="$ld_opt" \
             --add-dynamic-module="$top" > configure.log 2>&1
    then
        tail -n 20 configure.log >&2
        rm -f objs/Makefile
        exit 1
    fi

    echo "  configured $kind against $src"
}


main "$@"
