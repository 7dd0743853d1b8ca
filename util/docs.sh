#!/usr/bin/env bash
#
# Every directive is in README.md with syntax, default and context, and in
# nginx.conf.example; every variable is in README.md.  Prints what is missing.
#
# A directive of our own block (server, timeout ... of hc_l2) is looked for in
# the section of that block, so only names that begin with hc_ count here.

set -u


files() {
    find src ngx_http_hc_module.c -name '*.[ch]' 2>/dev/null
}


# names <directive|variable>: the names of table rows, name("hc_...", or
# name("hc_..."), ; a directive's goes on with its contexts and NGX_CONF_.

names() {
    files | xargs -r cat | tr '\n' ' ' \
        | grep -oE '[a-z_]+\("hc_[a-z0-9_]+"\)? *,[^,]*' \
        | awk -F'"' -v want="$1" '
              { kind = $3 ~ /NGX_CONF_/ ? "directive" : "variable" }
              kind == want { print $2 }
          ' \
        | sort -u
}


# section <directive>: its part of README.md, from its heading to the next

section() {
    awk -v name="$1" '
        /^#+ / {
            title = $0
            gsub(/^#+ |`/, "", title)
            on = (title == name)
            next
        }
        on
    ' README.md 2>/dev/null
}


check_directive() {
    local name=$1 text word

    text=$(section "$name")

    if [ -z "$text" ]; then
        echo "README.md: no section for the directive $name"
    else
        for word in syntax default context; do
            grep -qi "$word" <<< "$text" \
                || echo "README.md: $name has no $word"
        done
    fi

    grep -qw "$name" nginx.conf.example \
        || echo "nginx.conf.example: $name is not used or mentioned"
}


check() {
    local name

    for name in $(names directive); do
        check_directive "$name"
    done

    for name in $(names variable); do
        grep -q "\$$name\b" README.md 2>/dev/null \
            || echo "README.md: no word on the variable \$$name"
    done
}


main() {
    local found

    cd "$(dirname "$0")/.." || exit 1

    found=$(check 2>&1)

    if [ -n "$found" ]; then
        printf '%s\n' "$found" >&2
        return 1
    fi

    echo "docs: $(names directive | wc -l) directives," \
         "$(names variable | wc -l) variables, all documented"
}


main "$@"
