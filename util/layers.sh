#!/usr/bin/env bash
#
# Who may include whom, and what names are visible.  Prints each offender.
#
#   util/layers.sh               the tree, and the built .so if there is one
#   util/layers.sh --self-test   plants one violation of each rule in a copy
#                                and expects each to be found
#
# The order of the layers, lowest first; a file includes its own room and
# rooms of a lower rank.  Rooms of one rank do not know each other.

set -u

ranks='
base      0
policy    1
l1        2
flight    2
peer      2
route     2
l2        3
queue     4
stock     4
once      4
limit     4
publish   4
http      5
write     6
warm      6
merge     6
admin     7
'

# l2 stands on route and peer, which are stores, too; it is still no business
# of l1, so this pair is named
never='l2>l1 l2>flight'


# sources: every file of ours, as ./path

sources() {
    find . \( -path ./src -o -path ./src/\* -o -path ./ngx_http_hc_module.c \) \
         -name '*.[ch]' | sort
}


# One pass over all include lines, in awk: path of the file, then the text
# between the quotes or brackets.

check_includes() {
    sources | xargs -r awk -v ranks="$ranks" -v never="$never" '
        function bad(why) {
            printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0
        }

        function room_of(path,   p, n) {
            n = split(path, p, "/")
            return n >= 3 && p[2] == "src" ? p[3] : ""
        }

        # ./src/http/a.c + ../base/b.h = base; a plain name is its own room,
        # or, found nowhere else, a path below src
        function included_room(name,   p, n) {
            n = split(name, p, "/")
            return n < 2 ? room : p[n - 1]
        }

        BEGIN {
            n = split(ranks, r, /[ \n]+/)
            for (i = 1; i < n; i++) {
                if (r[i] ~ /^[a-z]/) { rank[r[i]] = r[i + 1] }
            }
            split(never, v, " ")
            for (i in v) { forbidden[v[i]] = 1 }
        }

        FNR == 1 {
            room = room_of(FILENAME)
            n = split(FILENAME, p, "/")
            file = p[n]
            layer = file ~ /^ngx_http_hc[_.]/ ? "http" \
                    : file ~ /^ngx_hc[_.]/ ? "ngx" \
                    : file ~ /^hc[_.]/ ? "plain" : "none"

            if (layer == "none") { bad("name has no layer prefix") }

            if (room != "" && !(room in rank)) {
                bad("room " room " has no rank in util/layers.sh")
            }

            if (layer == "http" && room != "" && rank[room] < 5) {
                bad("an ngx_http_hc_ file below the request layer")
            }

            if (layer != "http" && room != "" && rank[room] >= 5) {
                bad("only ngx_http_hc_ files live in " room)
            }

            if (layer == "ngx" && room ~ /^(policy|l1)$/) {
                bad("only hc_ files live in " room)
            }
        }

        # "# if" and defined() alike
        /^[ \t]*#.*nginx_version/ && file != "ngx_hc_base.h" {
            bad("nginx_version outside base/ngx_hc_base.h")
        }

        !/^[ \t]*#[ \t]*include/ { next }

        {
            name = $0
            sub(/^[^"<]*["<]/, "", name)
            sub(/[">].*$/, "", name)

            n = split(name, p, "/")
            base = p[n]
        }

        base ~ /^ngx_/ && base !~ /^ngx_(http_)?hc[_.]/ {
            if (layer == "plain") { bad("nginx header in a plain C file") }

            if (base ~ /^ngx_http/ && layer != "http") {
                bad("HTTP header in a non-HTTP file")
            }
            next
        }

        name ~ /hiredis/ && room !~ /^(l2|route)$/ {
            bad("hiredis outside l2 and route")
        }

        name ~ /(libmemcached|libhashkit|memcached\.h|hashkit)/ \
            && room !~ /^(l2|route)$/ {
            bad("libmemcached outside l2 and route")
        }

        name ~ /yajl/ && file != "hc_json.c" && room != "merge" {
            bad("yajl outside policy/hc_json.c and merge")
        }

        base !~ /^(ngx_|ngx_http_)?hc[_.]/ { next }

        {
            if (base ~ /^ngx_http_hc[_.]/ && layer != "http") {
                bad("HTTP header in a non-HTTP file")

            } else if (base ~ /^ngx_hc[_.]/ && layer == "plain") {
                bad("nginx header in a plain C file")
            }

            other = included_room(name)

            if (other == room) { next }

            if (base ~ /_priv\.h$/) { bad("another room'\''s _priv.h") }

            if (room == "") { next }

            if (!(other in rank)) {
                bad("room " other " has no rank in util/layers.sh")

            } else if (other == "admin") {
                bad("admin is included by nothing")

            } else if ((room ">" other) in forbidden) {
                bad(room " does not know " other)

            } else if (rank[other] > rank[room]) {
                bad(room " includes " other ", a higher layer")

            } else if (rank[other] == rank[room]) {
                bad(room " and " other " are of one layer")
            }
        }
    '
}


# Modules are loaded RTLD_GLOBAL: a name without our prefix may be anybody's.

check_symbols() {
    local so=$1

    [ -e "$so" ] || return 0

    nm -D --defined-only "$so" | awk -v so="$so" '
        $3 !~ /^(hc_|ngx_hc_|ngx_http_hc_)/ \
        && $3 !~ /^(ngx_modules|ngx_module_names|ngx_module_order)$/ \
        && $3 !~ /^(_init|_fini|_edata|_end|__bss_start)$/ \
        && $3 !~ /^__(asan|ubsan|odr_asan|sanitizer)/ {
            printf "%s: symbol without prefix: %s\n", so, $3
        }
    '
}


check() {
    check_includes
    check_symbols build/ngx_http_hc_module.so
}


# --- self-test -----------------------------------------------------------

# plant <what> <file> <line>: adds the line to a copy of the tree and expects
# check to say <what> of that file.

plant() {
    local what=$1 file=$2 line=$3 copy

    copy=$(mktemp -d)
    cp -r src "$copy/" 2>/dev/null
    cp ngx_http_hc_module.c "$copy/" 2>/dev/null
    mkdir -p "$copy/$(dirname "$file")"
    printf '%s\n' "$line" >> "$copy/$file"

    if ! (cd "$copy" && check_includes) | grep -F "$file" | grep -qF "$what"
    then
        echo "layers self-test: not found: $what in $file" >&2
        failures=$((failures + 1))
    fi

    planted=$((planted + 1))
    rm -rf "$copy"
}


# A symbol is planted in a shared object of its own.

plant_symbol() {
    local copy

    copy=$(mktemp -d)
    echo 'int stray(void); int stray(void) { return 0; }' > "$copy/x.c"
    ${CC:-cc} -shared -fPIC -o "$copy/x.so" "$copy/x.c"

    if ! check_symbols "$copy/x.so" | grep -q 'without prefix: stray'; then
        echo "layers self-test: not found: a stray symbol" >&2
        failures=$((failures + 1))
    fi

    planted=$((planted + 1))
    rm -rf "$copy"
}


self_test() {
    failures=0
    planted=0

    plant 'HTTP header in a non-HTTP file' \
          src/l2/ngx_hc_x.c '#include <ngx_http.h>'
    plant 'HTTP header in a non-HTTP file' \
          src/l2/ngx_hc_x.c '#include "../http/ngx_http_hc.h"'
    plant 'nginx header in a plain C file' \
          src/policy/hc_x.c '#include <ngx_core.h>'
    plant 'nginx header in a plain C file' \
          src/l1/hc_x.h '#include "../base/ngx_hc_base.h"'
    plant 'another room' \
          src/http/ngx_http_hc_x.c '#include "../l1/hc_l1_priv.h"'
    plant 'another room' \
          ngx_http_hc_module.c '#include "src/l1/hc_l1_priv.h"'
    plant 'hiredis outside' \
          src/http/ngx_http_hc_x.c '#include <hiredis/hiredis.h>'
    plant 'libmemcached outside' \
          src/base/ngx_hc_x.c '#include <libmemcached/memcached.h>'
    plant 'yajl outside' \
          src/policy/hc_x.c '#include <yajl/yajl_parse.h>'
    plant 'l2 does not know l1' \
          src/l2/ngx_hc_x.c '#include "../l1/hc_l1.h"'
    plant 'l1 includes l2, a higher layer' \
          src/l1/hc_x.c '#include "../l2/ngx_hc_l2.h"'
    plant 'are of one layer' \
          src/write/ngx_http_hc_x.c '#include "../warm/ngx_http_hc_warm.h"'
    plant 'admin is included by nothing' \
          src/write/ngx_http_hc_x.c '#include "../admin/ngx_http_hc_status.h"'
    plant 'policy includes l1, a higher layer' \
          src/policy/hc_x.c '#include "../l1/hc_l1.h"'
    plant 'base includes policy, a higher layer' \
          src/base/hc_x.h '#include "../policy/hc_entry.h"'
    plant 'http includes write, a higher layer' \
          src/http/ngx_http_hc_x.c '#include "../write/ngx_http_hc_write.h"'
    plant 'nginx_version outside' \
          src/http/ngx_http_hc_x.c '#if (nginx_version >= 1023000)'
    plant 'no layer prefix' \
          src/http/x.c 'int x;'
    plant 'below the request layer' \
          src/l2/ngx_http_hc_x.c 'int x;'
    plant 'only ngx_http_hc_ files' \
          src/http/ngx_hc_x.c 'int x;'
    plant 'only hc_ files' \
          src/l1/ngx_hc_x.c 'int x;'
    plant 'has no rank' \
          src/elsewhere/ngx_hc_x.c 'int x;'
    plant_symbol

    if [ "$failures" -ne 0 ]; then
        return 1
    fi

    echo "layers: each of $planted planted violations found"
}


main() {
    local found

    cd "$(dirname "$0")/.." || exit 1

    if [ "${1:-}" = --self-test ]; then
        self_test
        return
    fi

    found=$(check)

    if [ -n "$found" ]; then
        printf '%s\n' "$found" >&2
        return 1
    fi

    echo "layers: $(sources | wc -l) files, sound"
}


main "$@"
