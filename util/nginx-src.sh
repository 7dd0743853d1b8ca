#!/usr/bin/env bash
#
# The source of exactly the nginx that is installed, as its package was built:
#
#   util/nginx-src.sh <dir>
#
# The machine's own repositories are asked for it, as deb-src, by a private
# list.  Does nothing when the directory holds that version already.

set -eu

. "$(dirname "$0")/apt.sh"


main() {
    local target=${1:-} version dir

    [ -n "$target" ] || die "usage: nginx-src.sh <dir>"

    version=$(dpkg-query -W -f='${source:Version}' nginx 2>/dev/null) \
        || die "nginx is not installed as a package: use NGINX_SRC=dir"

    if [ "$(cat "$target/.version" 2>/dev/null)" = "$version" ]; then
        return 0
    fi

    command -v dpkg-source >/dev/null 2>&1 || die "dpkg-dev is missing"

    if [ -z "$(apt-get indextargets 'Created-By: Packages')" ]; then
        apt_update
    fi

    dir=$(mktemp -d)
    # $dir is of this function, which is gone when the trap runs
    # shellcheck disable=SC2064
    trap "rm -rf '$dir'" EXIT

    apt_targets "$dir" | while read -r uri suite component keyring; do
        apt_line deb-src "$uri" "$suite" "$component" "$keyring"
    done > "$dir/sources.list"

    say "fetching the source of nginx $version"
    apt_private "$dir" update
    (cd "$dir" && apt_private "$dir" source --download-only "nginx=$version")

    rm -rf "$target"
    mkdir -p "$(dirname "$target")"
    dpkg-source -x "$dir"/nginx_*.dsc "$target" >&2
    printf '%s\n' "$version" > "$target/.version"
}


main "$@"
