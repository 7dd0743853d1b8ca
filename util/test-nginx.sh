#!/usr/bin/env bash
#
# Makes Test::Nginx available.
#
# It may be there already, from CPAN or a package.  Debian packages it as
# libtest-nginx-perl, in newer suites than 12; being pure Perl, the package
# installs on 12 all the same, so where the machine's own suites lack it that
# one package is fetched from a newer one, signatures checked as ever.

set -eu

. "$(dirname "$0")/apt.sh"

package=libtest-nginx-perl
suites='trixie forky testing sid'


test_nginx_works() {
    perl -MTest::Nginx::Socket -e1 >/dev/null 2>&1
}


# fetch_from <suite> <dir>: the package into dir, or not 0.

fetch_from() {
    local suite=$1 dir=$2

    apt_targets "$dir" 'Label: Debian' 'Component: main' \
        | awk '{ print $1, $4 }' | sort -u \
        | while read -r uri keyring; do
              apt_line deb "$uri" "$suite" main "$keyring"
          done > "$dir/candidates"

    # one address at a time: not each of them need have the suite
    while read -r line; do
        printf '%s\n' "$line" > "$dir/sources.list"
        rm -rf "$dir/lists"
        say "looking for $package in $suite"

        if apt_private "$dir" update -o APT::Update::Error-Mode=any \
               >"$dir/log" 2>&1 \
           && (cd "$dir" && apt_private "$dir" download "$package") \
               >"$dir/log" 2>&1
        then
            return 0
        fi

        grep '^[EW]:' "$dir/log" >&2 || :
    done < "$dir/candidates"

    return 1
}


main() {
    local dir suite

    if test_nginx_works; then
        return 0
    fi

    # a first run on a bare machine has no lists yet
    if ! apt-cache show "$package" >/dev/null 2>&1; then
        [ -n "$(apt-get indextargets 'Created-By: Packages')" ] || apt_update
    fi

    if apt-cache show "$package" >/dev/null 2>&1; then
        apt_install "$package"
        return 0
    fi

    dir=$(mktemp -d)
    # apt_install has traps of its own and drops them
    for suite in $suites; do
        if fetch_from "$suite" "$dir"; then
            apt_install "$dir"/"$package"_*.deb || { rm -rf "$dir"; return 1; }
            break
        fi
    done

    rm -rf "$dir"
    test_nginx_works \
        || die "no $package in any of: $suites; install Test::Nginx by CPAN"
}


main "$@"
