#!/usr/bin/env bash
#
# Lines of functions (median, p90, longest) and of files.  Prints the
# offenders; fails for a function above 100 lines or a file above 700.
#
# Wanted: median 20, p90 50, files 400.

set -u


files() {
    find src ngx_http_hc_module.c -name '*.[ch]' 2>/dev/null
}


# lines, name, file of every function; nginx's style puts the closing brace of
# one in the first column, so awk can tell where there is no ctags

functions() {
    if command -v ctags >/dev/null 2>&1 \
       && ctags --version 2>/dev/null | grep -q Universal
    then
        files | ctags -L - --languages=C --c-kinds=f --fields=+ne -f - \
            | awk -F'\t' '{
                  first = last = 0
                  for (i = 4; i <= NF; i++) {
                      if ($i ~ /^line:/) { first = substr($i, 6) }
                      if ($i ~ /^end:/)  { last = substr($i, 5) }
                  }
                  if (last) { print last - first + 1, $1, $2 }
              }'
    else
        files | xargs -r awk '
            FNR == 1               { name = "" }
            /^[a-z_0-9]+\(/        { name = $0; sub(/\(.*/, "", name)
                                     first = FNR }
            /^}/ && name != ""     { print FNR - first + 1, name, FILENAME
                                     name = "" }
            /^}/                   { name = "" }
        '
    fi | sort -n
}


main() {
    local all long big

    cd "$(dirname "$0")/.." || exit 1

    all=$(functions)
    [ -n "$all" ] || { echo "proportions: no functions"; return 0; }

    awk '
        { n[NR] = $1; text[NR] = $2 " " $3 }
        END {
            printf "functions: %d, median %d, p90 %d, longest %d\n", NR,
                   n[int((NR + 1) / 2)], n[int(NR * 0.9 + 0.5)], n[NR]
            for (i = NR; i > 0 && n[i] > 50; i--) {
                printf "  %4d lines  %s\n", n[i], text[i]
            }
        }
    ' <<< "$all"

    files | xargs wc -l | awk '
        $2 == "total" { next }
        { n++; sum += $1 }
        $1 > 400 { printf "  %4d lines  %s\n", $1, $2 }
        END { printf "files: %d, %d lines\n", n, sum }
    '

    long=$(awk '$1 > 100 { print $2 }' <<< "$all")
    big=$(files | xargs wc -l | awk '$2 != "total" && $1 > 700 { print $2 }')

    if [ -n "$long$big" ]; then
        echo "too long:" $long $big >&2
        return 1
    fi
}


main "$@"
