# What the other scripts need of apt; sourced, not run.
#
# No mirror is named in this project: where something is fetched from another
# suite, or as source, the address and the keyring are those of the machine's
# own configuration.


say() {
    printf '== %s\n' "$*" >&2
}


die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}


# Runs a command as root: directly, or by sudo.

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"

    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"

    else
        die "needs root for: $* (run that as root, then try again)"
    fi
}


# apt_missing <package>...: those of them that are not installed.

apt_missing() {
    local p

    for p in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Status} ' "$p" 2>/dev/null) in
            *"installed "*) ;;
            *) printf '%s\n' "$p" ;;
        esac
    done
}


# A package that brings a service would start it.  Debian asks policy-rc.d
# first; one that says no is put there for as long as the install takes,
# unless the machine has its own.

apt_policy=/usr/sbin/policy-rc.d
apt_policy_ours=

apt_services_off() {
    [ ! -e "$apt_policy" ] || return 0

    apt_policy_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$apt_policy" >/dev/null
    as_root chmod 755 "$apt_policy"
}

apt_services_on() {
    [ -n "$apt_policy_ours" ] || return 0

    apt_policy_ours=
    as_root rm -f "$apt_policy"
}


apt_update() {
    say "apt-get update"

    # a broken third-party source is no reason to stop: install will tell
    as_root apt-get -q update >&2 || say "apt-get update failed; going on"
}


# apt_install <package or ./file.deb>...: installs and leaves every service
# that comes with it stopped and disabled.

apt_install() {
    local rc=0

    say "apt-get install $*"

    trap 'apt_services_on' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    apt_services_off

    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root \
        install "$@" >&2 </dev/null || rc=$?

    apt_services_on
    trap - EXIT INT TERM

    return $rc
}


# apt_keyring <file> <number> <where to put an embedded key>: the value of
# Signed-By of one entry of a sources file, as apt's index targets name it:
# the line of a .list, the paragraph of a .sources.  Nothing: apt's own trust.

apt_keyring() {
    local file=$1 number=$2 embedded=$3 value

    case $file in
        *.sources)
            value=$(awk -v want="$number" '
                /^[ \t]*$/            { if (seen) { n++; seen = 0 }; next }
                /^#/                  { next }
                                      { if (!seen) { seen = 1; on = 0 } }
                n + 1 != want         { next }
                tolower($0) ~ /^signed-by:/ {
                    on = 1
                    sub(/^[^:]*:[ \t]*/, "")
                    if ($0 != "") { print }
                    next
                }
                /^[ \t]/ && on        { sub(/^ /, ""); sub(/^\.$/, ""); print
                                        next }
                                      { on = 0 }
            ' "$file")
            ;;
        *)
            value=$(sed -n "${number}s/.*\[[^]]*signed-by=\([^] ]*\).*/\1/p" \
                    "$file")
            ;;
    esac

    case $value in
        *"BEGIN PGP"*)
            printf '%s\n' "$value" > "$embedded"
            printf '%s\n' "$embedded"
            ;;
        *)
            # several are separated by spaces, or commas in a .list
            printf '%s\n' "$value" | tr ' ' ',' | head -n 1
            ;;
    esac
}


# apt_targets <dir> [<filter>...]: the machine's own Debian sources, a line for
# each: address, suite, component, keyring ("-": apt's own trust).  dir takes
# the keys that are embedded in a sources file.

apt_targets() {
    local dir=$1 uri suite component entry keyring n=0
    local fields='$(REPO_URI) $(RELEASE) $(COMPONENT) $(SOURCESENTRY)'

    shift
    apt-get indextargets --format "$fields" \
            'Created-By: Packages' 'Origin: Debian' \
            "Architecture: $(dpkg --print-architecture)" "$@" \
        | sort -u \
        | while read -r uri suite component entry; do
              n=$((n + 1))
              keyring=$(apt_keyring "${entry%:*}" "${entry##*:}" \
                        "$dir/key-$n.asc")
              printf '%s %s %s %s\n' \
                     "$uri" "$suite" "$component" "${keyring:--}"
          done
}


# apt_line <deb|deb-src> <address> <suite> <component> <keyring>

apt_line() {
    if [ "$5" = - ]; then
        printf '%s %s %s %s\n' "$1" "$2" "$3" "$4"
    else
        printf '%s [signed-by=%s] %s %s %s\n' "$1" "$5" "$2" "$3" "$4"
    fi
}


# apt_private <dir> <apt-get arguments>...: apt-get with sources, lists and
# cache of its own below dir; the machine's are neither read nor changed.

apt_private() {
    local dir=$1

    shift
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"

    apt-get -q \
        -o Dir::Etc::SourceList="$dir/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$dir/lists" \
        -o Dir::Cache="$dir/cache" \
        -o APT::Sandbox::User="$(id -un)" \
        -o Acquire::Languages=none \
        "$@" </dev/null >&2
}
